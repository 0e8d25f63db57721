import type { RunResult, VerifySummary } from "../sweep/model.ts";
import { integer, onlyReplays, promisedView, sumVerified, verifiedText } from "./format.ts";

type Verified = Pick<RunResult, "verified" | "committed" | "faults" | "reasons" | "costBaseline">;

/**
 * What came out right, one line for each kind of reader that a guarantee speaks of: the views of readers of committed and of
 * uncommitted data are never added up, and runs that are allowed to be wrong have a line of their own. [] without runs.
 */
export function verifiedLines(all: readonly Verified[]): readonly string[] {
  const results = all.filter(({ costBaseline }) => costBaseline !== true);
  const baselines = all.filter(({ costBaseline }) => costBaseline === true);
  const committed = results.filter((result) => result.committed !== undefined);
  const others = results.filter((result) => result.committed === undefined);
  return [
    ...(committed.length === 0 ? [] : [committedLine(committed)]),
    ...(others.length === 0 ? [] : [`verified: ${checkedText(others, onlyReplays(others))}`]),
    ...(baselines.length === 0 ? [] : [`cost baseline without order, not judged: ${checkedText(baselines, false)}`]),
  ];
}

/** The promise first, then what readers saw that did not wait for the commit. */
function committedLine(results: readonly Verified[]): string {
  const early = sumVerified(results);
  const others =
    early === null
      ? ""
      : `. Readers of uncommitted data: ${integer(early.lost)} lost, ${integer(early.duplicate)} replayed, ${integer(early.wrong + early.unexpected)} wrong`;
  const promised = results.map((result) => ({ verified: promisedView(result) }));
  return `verified, exactly-once: ${checkedText(promised, false)}${others}`;
}

function checkedText(results: readonly { readonly verified: VerifySummary | null }[], replayed: boolean): string {
  const sum = sumVerified(results);
  if (sum === null) return "nothing";
  const unchecked = results.filter(({ verified }) => verified === null).length;
  const runs = `${results.length} ${results.length === 1 ? "run" : "runs"}`;
  return `${verifiedText(sum, replayed)}${unchecked === 0 ? "" : ` (${unchecked} of ${runs} could not be verified)`}`;
}
