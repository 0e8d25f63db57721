import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import type { RunResult, VerifySummary } from "../sweep/model.ts";
import { type Comparison, finalRowsNote } from "../verify/comparison.ts";
import { notJudged } from "./guarantee.ts";
import type { RunConfig } from "./run-config.ts";
import { unorderedNote } from "./unordered.ts";
import { circumstancesOf, type Evidence } from "./verdict.ts";

/** What people must know to read the result; absent when there is nothing. */
export function runNotes(
  { warmupMs, leastWarmupMs, unordered }: Pick<RunConfig, "warmupMs" | "leastWarmupMs" | "unordered">,
  query: QueryDefinition<NexmarkEvent>,
  comparison: Comparison,
  verified: VerifySummary | null,
  evidence: Evidence,
): Pick<RunResult, "notes"> {
  const notes = [
    comparison === "everyRow" ? null : finalRowsNote(query),
    unordered ? unorderedNote(verified) : null,
    warmupMs === leastWarmupMs
      ? null
      : `the warm-up was cut at ${warmupMs / 1000} s instead of ${leastWarmupMs / 1000} s: until then latency was falling`,
    notJudged(circumstancesOf(evidence)),
  ].filter((note) => note !== null);
  return notes.length === 0 ? {} : { notes };
}
