import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { Operator, OperatorContext, Output } from "../operators/operator.ts";
import type { ColumnBatch } from "../rows/batch.ts";

export interface ChainedOperator {
  readonly context: OperatorContext;
  readonly operator: Operator;
}

/**
 * Operators that run in one task: each one's rows go straight into the next, the last one's to `tail`. A watermark passes through
 * them in order, so what an operator fires reaches the next one before its watermark does.
 */
export class OperatorChain {
  readonly #links: readonly ChainedOperator[];
  readonly #tail: Output;
  /** Index of the operator that runs; not reset when it throws, so that the error can name it. */
  #current = 0;

  constructor(links: readonly ChainedOperator[], tail: Output) {
    this.#links = links;
    this.#tail = tail;
    for (const [index, { context, operator }] of links.entries()) {
      this.#current = index;
      openOperator(operator, context, { emit: (batch) => this.#pass(index + 1, 0, batch) });
    }
  }

  /** Id of the operator that runs, or ran last; null in the tail. For error messages. */
  get currentOperator(): string | null {
    return this.#links[this.#current]?.context.operatorId ?? null;
  }

  process(input: number, batch: ColumnBatch): void {
    this.#pass(0, input, batch);
  }

  advanceWatermark(timeMs: number): void {
    for (let index = 0; index < this.#links.length; index++) {
      this.#current = index;
      this.#links[index]!.operator.advanceWatermark(timeMs);
    }
  }

  /** State of every operator under its id. */
  snapshot(writer: SnapshotWriter): void {
    writer.u32(this.#links.length);
    for (const [index, { context, operator }] of this.#links.entries()) {
      this.#current = index;
      const state = new SnapshotWriter();
      operator.snapshot(state);
      writer.text(context.operatorId);
      writer.bytes(state.finish());
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
