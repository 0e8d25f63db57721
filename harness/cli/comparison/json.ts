import type { Comparison } from "../../analyze/compare/comparison.ts";
import { outcomeOf } from "../../analyze/compare/outcome.ts";
import type { Side } from "../../analyze/compare/side.ts";

/** A comparison for machines: one object (docs/compare.md). Changes are shares: 0.1 is +10 %. */
export function comparisonJson(comparison: Comparison): Record<string, unknown> {
  const { a, b, counts, options, differences, rows, broken, notMeasured } = comparison;
  const { verdict, exitCode, reasons } = outcomeOf(comparison);
  return {
    version: 1,
    verdict,
    exitCode,
    reasons,
    a: { ...sideJson(a), ...counts.a },
    b: { ...sideJson(b), ...counts.b },
    method: { paired: options.paired, resamples: options.resamples, seed: options.seed, level: options.level },
    differences,
    brokenGuarantees: broken,
    notMeasured,
    rows: rows.map(({ cell, metric, finding, verdict: rowVerdict, minimumDetectable, ...row }) => ({
      cell,
      metric: metric.name,
      unit: metric.unit,
      better: metric.better,
      margin: metric.margin,
      gate: row.gate,
      aCount: finding.aCount,
      bCount: finding.bCount,
      aMedian: finding.aMedian,
      bMedian: finding.bMedian,
      shift: finding.shift,
      change: finding.change,
      changeLow: finding.low,
      changeHigh: finding.high,
      p: finding.p,
      exact: finding.exact,
      adjustedP: row.adjustedP,
      minimumDetectableChange: minimumDetectable,
      censored: row.censored,
      machine: row.machine,
      verdict: rowVerdict,
    })),
  };
}

function sideJson({ campaign: { folder, manifest }, chosen }: Side) {
  const { name, createdAt, configHash, provenance } = manifest;
  return { folder, chosen, name, createdAt, configHash, commit: provenance.commit, version: provenance.faultline };
}
