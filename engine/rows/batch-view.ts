import type { Column, ColumnBatch } from "./batch.ts";
import { RowSchema } from "./schema.ts";

/** A batch that borrows another one's columns: for narrowing the selection or reordering columns without copying rows. */
export class BatchView implements ColumnBatch {
  schema: RowSchema = new RowSchema([]);
  columns: readonly Column[] = [];
  eventTimes: Float64Array = new Float64Array(0);
  kinds: Uint8Array = new Uint8Array(0);
  selection: Int32Array = new Int32Array(0);
  selectedCount = 0;

  /** Takes everything from `batch`. */
  borrow(batch: ColumnBatch): void {
    this.schema = batch.schema;
    this.columns = batch.columns;
    this.eventTimes = batch.eventTimes;
    this.kinds = batch.kinds;
    this.selection = batch.selection;
    this.selectedCount = batch.selectedCount;
  }
}
