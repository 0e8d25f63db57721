import type { VerifySummary } from "../sweep/model.ts";
import type { AfterLoss } from "../verify/after-loss.ts";
import type { Violation } from "../verify/examples.ts";

export type View = "uncommitted" | "committed";

/** What the configured guarantee is judged by, besides the counts of the outputs. */
export interface Circumstances {
  readonly guarantee: string;
  /** Checkpoints in which no input waits for the others: after a restore some events count twice in the state. */
  readonly countsTwice: boolean;
  readonly afterLoss: AfterLoss;
  /** A fault struck that may have caused what is not as expected, and all was right before it. */
  readonly struck: boolean;
  /** The run broke off: what had not come by then is no loss of the system's. */
  readonly endedEarly: boolean;
}

/**
 * Kinds of deviation that the guarantee permits in a view. Nothing but a fault excuses any. Wrong, unexpected and missing rows are
 * excused where the guarantee permits that events are lost or count twice and rows sum up many events (`afterLoss`): then it cannot be told which
 * of them are consequences.
 */
export function permitted(view: View, { guarantee, countsTwice, afterLoss, struck, ...rest }: Circumstances) {
  const kinds = new Set<Violation>(rest.endedEarly ? ["lost"] : []);
  if (!struck || (view === "committed" && guarantee === "exactly-once")) return kinds;
  const changed: readonly Violation[] = afterLoss === "changed" ? ["lost", "wrong", "unexpected", "duplicate"] : [];
  switch (guarantee) {
    case "exactly-once":
      return kinds.add("duplicate");
    case "at-least-once":
      return new Set<Violation>([...kinds, "duplicate", ...(countsTwice ? changed : [])]);
    case "at-most-once":
      return new Set<Violation>([...kinds, "lost", ...changed]);
    default:
      return kinds;
  }
}

const KINDS = ["lost", "wrong", "unexpected", "premature", "outOfOrder", "duplicate"] as const;

/** What the guarantee does not permit: `2 lost`, `1 out of order`. */
export function violations(verified: VerifySummary, allowed: ReadonlySet<Violation>): readonly string[] {
  return KINDS.filter((kind) => verified[kind] > 0 && !allowed.has(kind)).map(
    (kind) => `${verified[kind]} ${kind === "outOfOrder" ? "out of order" : kind}`,
  );
}

/** What to tell people of a run whose rows cannot all be judged; null where they can. */
export function notJudged(circumstances: Circumstances): string | null {
  const { guarantee, afterLoss, struck, countsTwice } = circumstances;
  const loses = guarantee === "at-most-once";
  if (!struck || afterLoss !== "changed" || !(loses || (guarantee === "at-least-once" && countsTwice))) return null;
  const what = loses ? "loses input and state" : "counts some input twice in its state";
  return `After the fault the query ${what}, as ${guarantee} permits, and its rows sum up many events: wrong, unexpected and missing rows are consequences of that and are counted, not judged. Up to the fault everything was as expected.`;
}
