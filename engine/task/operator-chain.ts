import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { SnapshotReader, type SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { Operator, OperatorContext, OperatorControl, Output } from "../operators/operator.ts";
import type { ColumnBatch } from "../rows/batch.ts";

export interface ChainedOperator {
  readonly context: OperatorContext;
  readonly operator: Operator;
}

/** Where a chain's rows go, and the watermarks that have passed all its operators. */
export interface ChainTail extends Output {
  advanceWatermark?(timeMs: number): void;
}

/**
 * Operators that run in one task: each one's rows go straight into the next, the last one's to `tail`. A watermark passes through
 * them in order, so what an operator fires reaches the next one before its watermark does. An operator that holds watermarks stops it
 * until it passes it on.
 */
export class OperatorChain {
  readonly #links: readonly ChainedOperator[];
  readonly #tail: ChainTail;
  /** By operator: it passes watermarks on itself. */
  readonly #holds: boolean[];
  /** By operator: it cannot take more. */
  readonly #full: boolean[];
  readonly #onStart: (() => void)[] = [];
  #onFeedback: ((timeMs: number) => void) | null = null;
  /** Index of the operator that runs; not reset when it throws, so that the error can name it. */
  #current = 0;

  constructor(links: readonly ChainedOperator[], tail: ChainTail) {
    this.#links = links;
    this.#tail = tail;
    this.#holds = links.map(() => false);
    this.#full = links.map(() => false);
    for (const [index, { context, operator }] of links.entries()) {
      this.#current = index;
      const emit = (batch: ColumnBatch) => this.#pass(index + 1, 0, batch);
      openOperator(operator, { ...context, control: this.#controlOf(index) }, { emit });
    }
  }

  /** Some operator holds as many rows as it may. */
  get full(): boolean {
    return this.#full.includes(true);
  }

  /** Some operator has rows that are still to go on. */
  get holdsRows(): boolean {
    return this.#links.some(({ operator }) => operator.holdsRows?.() === true);
  }

  /** Id of the operator that runs, or ran last; null in the tail. For error messages. */
  get currentOperator(): string | null {
    return this.#links[this.#current]?.context.operatorId ?? null;
  }

  /** With the task. */
  start(): void {
    for (const handler of this.#onStart) handler();
  }

  process(input: number, batch: ColumnBatch): void {
    this.#pass(0, input, batch);
  }

  advanceWatermark(timeMs: number): void {
    this.#advance(0, timeMs);
  }

  /** Operators give on the rows that they hold although nothing keeps them back, in the order of the chain. */
  handOn(): void {
    for (const [index, { operator }] of this.#links.entries()) {
      if (operator.handOn === undefined) continue;
      this.#current = index;
      operator.handOn();
    }
  }

  /** After a restore: the watermark comes again to the first operator that holds watermarks; those before it have had it. */
  advanceHeld(timeMs: number): void {
    const first = this.#holds.indexOf(true);
    if (first >= 0) this.#advance(first, timeMs);
  }

  /** The feedback channels of the loop whose head is the first operator have advanced. */
  advanceFeedback(timeMs: number): void {
    this.#current = 0;
    this.#onFeedback?.(timeMs);
  }

  /** Runs what operator `id` has put off, so that an error names it. */
  runAs(id: string, work: () => void): void {
    this.#current = this.#links.findIndex(({ context }) => context.operatorId === id);
    work();
  }

  /** State of every operator under its id. */
  snapshot(writer: SnapshotWriter): void {
    writer.u32(this.#links.length);
    for (const [index, { context, operator }] of this.#links.entries()) {
      this.#current = index;
      writer.text(context.operatorId);
      writer.part((state) => operator.snapshot(state));
    }
  }

  /** Before any row. Several snapshots after a rescale; operators are found by id. `snapshot-corrupt` when one is missing. */
  restore(snapshots: readonly SnapshotReader[]): void {
    const states = new Map<string, SnapshotReader[]>();
    for (const snapshot of snapshots) readStates(snapshot, states);
    for (const { context, operator } of this.#links) {
      const own = states.get(context.operatorId);
      if (own === undefined) {
        throw new FaultlineError("snapshot-corrupt", `no state of operator "${context.operatorId}" in the snapshot`);
      }
      operator.restore(own);
    }
  }

  /** What operators count, summed over the chain. */
  counters(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { operator } of this.#links) {
      for (const [name, value] of Object.entries(operator.counters?.() ?? {})) sums[name] = (sums[name] ?? 0) + value;
    }
    return sums;
  }

  #controlOf(index: number): OperatorControl {
    return {
      holdWatermarks: () => {
        this.#holds[index] = true;
        return (timeMs) => this.#advance(index + 1, timeMs);
      },
      setFull: (full) => {
        this.#full[index] = full;
      },
      onStart: (handler) => {
        this.#onStart.push(() => {
          this.#current = index;
          handler();
        });
      },
      onFeedback: (handler) => {
        this.#onFeedback = handler;
      },
    };
  }

  #advance(from: number, timeMs: number): void {
    for (let index = from; index < this.#links.length; index++) {
      this.#current = index;
      this.#links[index]!.operator.advanceWatermark(timeMs);
      if (this.#holds[index]) return;
    }
    this.#tail.advanceWatermark?.(timeMs);
  }

  #pass(index: number, input: number, batch: ColumnBatch): void {
    if (batch.selectedCount === 0) return;
    const caller = this.#current;
    this.#current = index;
    const link = this.#links[index];
    if (link === undefined) this.#tail.emit(batch);
    else link.operator.process(input, batch);
    this.#current = caller;
  }
}

/** Opens it; an error says which operator it is, as nobody else can yet. */
function openOperator(operator: Operator, context: OperatorContext, output: Output): void {
  try {
    operator.open(context, output);
  } catch (cause) {
    const { code, message } = asFaultlineError(cause, "job-failed");
    throw new FaultlineError(code, `operator "${context.operatorId}" cannot be opened: ${message}`, { cause });
  }
}

function readStates(snapshot: SnapshotReader, into: Map<string, SnapshotReader[]>): void {
  const count = snapshot.u32();
  for (let index = 0; index < count; index++) {
    const id = snapshot.text();
    const reader = new SnapshotReader(snapshot.bytes());
    into.set(id, [...(into.get(id) ?? []), reader]);
  }
}
