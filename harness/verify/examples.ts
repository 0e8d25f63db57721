import type { Value } from "../../queries/query.ts";

export const VIOLATIONS = ["lost", "duplicate", "wrong", "unexpected", "premature", "outOfOrder"] as const;
export type Violation = (typeof VIOLATIONS)[number];

const MAX_EXAMPLES = 20;

/** One bad row. `ordinal`s count expected rows in the order of the oracle and observations in the order of reading. */
export interface Example {
  readonly kind: Violation;
  /** Ordinal of the expected row, for lost, duplicate, premature and outOfOrder. */
  readonly expected: number | null;
  /** Index of the event that triggers the expected row. */
  readonly trigger: number | null;
  /** The observation, for all but lost. */
  readonly observation: ObservedAt | null;
  /** Typed values of the row, columns in wire order, where known. */
  readonly values: readonly Value[] | null;
  /** The record as text, where it was fetched again and is no row of the query. */
  readonly text: string | null;
  /** Why that text is no row of the query, where it is JSON and can be told. */
  readonly problem?: string;
}

export interface ObservedAt {
  readonly ordinal: number;
  readonly partition: number;
  readonly offset: number;
  readonly observedUs: number;
}

/** Counts violations and keeps the first examples of each kind, first by ordinal whatever order they are found in. */
export class ViolationBook {
  readonly counts: Record<Violation, number> = {
    lost: 0,
    duplicate: 0,
    wrong: 0,
    unexpected: 0,
    premature: 0,
    outOfOrder: 0,
  };
  readonly #kept = new Map<Violation, { readonly ordinal: number; readonly example: Example }[]>();

  /** `ordinal` decides which examples are the first; the example is made only when it is kept. */
  add(kind: Violation, ordinal: number, make: () => Omit<Example, "kind" | "values" | "text">): void {
    this.counts[kind]++;
    let kept = this.#kept.get(kind);
    if (kept === undefined) {
      kept = [];
      this.#kept.set(kind, kept);
    }
    if (kept.length === MAX_EXAMPLES && ordinal > kept[MAX_EXAMPLES - 1]!.ordinal) return;
    let at = kept.length;
    while (at > 0 && kept[at - 1]!.ordinal > ordinal) at--;
    kept.splice(at, 0, { ordinal, example: { kind, ...make(), values: null, text: null } });
    kept.length = Math.min(kept.length, MAX_EXAMPLES);
  }

  examples(): Example[] {
    return VIOLATIONS.flatMap((kind) => (this.#kept.get(kind) ?? []).map(({ example }) => example));
  }
}
