import type { Row } from "../../analyze/compare/comparison.ts";
import type { Night } from "../../nightly/night.ts";
import { PLANTED, type Proof } from "../../nightly/proof.ts";
import { comparisonJson } from "../comparison/json.ts";

/** A night for machines: one object (docs/nightly.md). */
export function nightJson({ rows, judged, examined, issue, exitCode }: Night): Record<string, unknown> {
  return {
    version: 1,
    exitCode,
    rows: rows.map((row, i) => ({ ...row, nights: judged[i]!.nights })),
    examined: examined.map(({ judged: { row, suspect }, outcome, why, comparison }) => ({
      cell: row.cell,
      metric: row.metric,
      kind: suspect.kind,
      change: suspect.change,
      since: suspect.first.time,
      from: suspect.before.commit,
      to: suspect.first.commit,
      outcome,
      why,
      comparison: comparison === null ? null : comparisonJson(comparison),
    })),
    issue,
  };
}

/** A proof for machines: one object. */
export function proofJson({ blocks, same, slow, delays, falseAlarmShare, isProven }: Proof): Record<string, unknown> {
  const rowJson = ({ cell, metric, finding, verdict, minimumDetectable }: Row) => {
    return { cell, metric: metric.name, change: finding.change, verdict, minimumDetectableChange: minimumDetectable };
  };
  const sides = { same: same.map(rowJson), slow: slow.map(rowJson) };
  return { version: 1, isProven, blocks, planted: PLANTED - 1, ...sides, delays, falseAlarmShare };
}
