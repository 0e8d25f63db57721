import { present } from "../../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import { Row } from "../../rows/row.ts";
import type { RowSchema } from "../../rows/schema.ts";
import { END_OF_LIST } from "../../state/row-lists.ts";
import { KeyedRows, type RowKeys } from "../keyed-rows.ts";
import type { Operator, OperatorContext, Output } from "../operator.ts";
import { OutputBatch } from "../output-batch.ts";
import { type JoinOutput, writeJoined } from "./join-output.ts";

/** Is this pair of rows with equal keys a result? */
export type JoinCondition = (left: Row, right: Row) => boolean;

/** One side of a join. */
export interface JoinSide {
  readonly schema: RowSchema;
  readonly keys: RowKeys;
}

/**
 * Inner join of two keyed inputs without time bound: every pair of rows with equal keys for which the condition holds is a result,
 * whichever came first. Both sides are kept for ever. A row that arrives meets the other side's rows in the order of their arrival;
 * the joined row has the larger event time of both. Rows with a NULL in their key join with nothing and are counted (`nullKeys`).
 */
export class JoinOperator implements Operator {
  readonly #sides: readonly [JoinSide, JoinSide];
  readonly #joined: JoinOutput;
  readonly #condition: JoinCondition | null;
  readonly #rows: readonly [Row, Row] = [new Row(), new Row()];
  #state: KeyedRows | null = null;
  #out: OutputBatch | null = null;
  #nullKeys = 0;

  constructor(left: JoinSide, right: JoinSide, joined: JoinOutput, condition: JoinCondition | null) {
    this.#sides = [left, right];
    this.#joined = joined;
    this.#condition = condition;
  }

  open(context: OperatorContext, output: Output): void {
    const [left, right] = this.#sides;
    this.#state = new KeyedRows(context.keyGroups, left.keys.numeric, 0, [left.schema, right.schema]);
    this.#out = new OutputBatch(this.#joined.schema, output);
  }

  process(input: number, batch: ColumnBatch): void {
    const state = present(this.#state, "state");
    const out = present(this.#out, "output");
    const { keys } = this.#sides[input]!;
    const own = this.#rows[input]!;
    own.bind(batch);
    for (let i = 0; i < batch.selectedCount; i++) {
      const row = batch.selection[i]!;
      if (keys.hasNull(batch, row)) {
        this.#nullKeys += 1;
        continue;
      }
      const entry = state.open(keys, batch, row);
      state.lists.append(state.segment, entry, input, batch, row);
      own.moveTo(row);
      this.#probe(state, entry, 1 - input, out);
    }
    out.flush();
  }

  advanceWatermark(): void {}

  snapshot(writer: SnapshotWriter): void {
    present(this.#state, "state").snapshot(writer);
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    for (const snapshot of snapshots) present(this.#state, "state").restore(snapshot);
  }

  counters(): Readonly<Record<string, number>> {
    return { nullKeys: this.#nullKeys };
  }

  /** Joins the row that has just come with the rows of the other side. */
  #probe(state: KeyedRows, entry: number, other: number, out: OutputBatch): void {
    const [left, right] = this.#rows;
    const stored = this.#rows[other]!;
    const { lists, segment } = state;
    for (let at = lists.first(segment, entry, other); at !== END_OF_LIST; at = lists.next(other, at)) {
      stored.bind(lists.rowAt(other, at));
      stored.moveTo(0);
      if (this.#condition !== null && !this.#condition(left, right)) continue;
      out.rows.addRow(Math.max(left.eventTimeMs, right.eventTimeMs));
      writeJoined(out.rows, this.#joined, left, right);
      out.flushIfFull();
    }
  }
}
