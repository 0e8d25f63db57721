import type { VerifySummary } from "../sweep/model.ts";
import { violations } from "./guarantee.ts";

/** What people must know of a run whose replicas agreed on no order: whether its outputs were right all the same. */
export function unorderedNote(verified: VerifySummary | null): string {
  const begin =
    "Cost baseline (replication.merge: none): the replicas agree on no order, so nothing is promised of the outputs.";
  if (verified === null) return `${begin} They were not compared with the oracle.`;
  const bad = violations(verified, new Set());
  if (bad.length === 0) return `${begin} This time they were as the oracle expects.`;
  return `${begin} They are wrong: ${bad.join(", ")} of ${verified.expected} expected. That is counted and not held against the run; use its CPU, bytes and latency to see what order costs, and nothing else.`;
}
