import type { ColumnBatch } from "../rows/batch.ts";
import { BatchView } from "../rows/batch-view.ts";
import type { OperatorContext, Output } from "./operator.ts";

/** Rows that came too late for an operator: counted, and handed to a side output where one is declared and read. Copies nothing. */
export class LateRows {
  /** Late rows so far. */
  count = 0;
  readonly #tag: string | null;
  readonly #view = new BatchView();
  #output: Output | null = null;
  #selection: Int32Array = new Int32Array(0);
  #pending = 0;

  /** `tag`: the side output's; null: there is none. */
  constructor(tag: string | null) {
    this.#tag = tag;
  }

  open(context: OperatorContext): void {
    this.#output = this.#tag === null ? null : (context.sideOutput?.(this.#tag) ?? null);
  }

  /** Physical row `row` of the batch that is being processed is late; it stands for so many. */
  add(row: number, rows = 1): void {
    this.count += rows;
    if (this.#output === null) return;
    if (this.#pending === this.#selection.length) {
      const grown = new Int32Array(Math.max(64, this.#pending * 2));
      grown.set(this.#selection);
      this.#selection = grown;
    }
    this.#selection[this.#pending++] = row;
  }

  /** At the end of the batch: hands on its late rows. */
  flush(batch: ColumnBatch): void {
    if (this.#pending === 0 || this.#output === null) return;
    const view = this.#view;
    view.borrow(batch);
    view.selection = this.#selection;
    view.selectedCount = this.#pending;
    this.#pending = 0;
    this.#output.emit(view);
  }
}
