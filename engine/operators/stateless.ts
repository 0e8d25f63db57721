import { present } from "../../base/assert.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { Operator, OperatorContext, Output } from "./operator.ts";

/** An operator without state, timers or counters. */
export abstract class StatelessOperator implements Operator {
  #output: Output | null = null;

  open(_context: OperatorContext, output: Output): void {
    this.#output = output;
  }

  abstract process(input: number, batch: ColumnBatch): void;

  advanceWatermark(): void {}

  snapshot(): void {}

  restore(): void {}

  /** Hands rows on; an empty batch goes nowhere. */
  protected emit(batch: ColumnBatch): void {
    if (batch.selectedCount > 0) present(this.#output, "output of an operator that was not opened").emit(batch);
  }
}
