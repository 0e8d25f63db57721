import type { ColumnBatch } from "../../../engine/rows/batch.ts";
import { BatchBuilder } from "../../../engine/rows/batch-builder.ts";
import { Row } from "../../../engine/rows/row.ts";
import type { RowSchema } from "../../../engine/rows/schema.ts";

export type Value = number | string | null;

/** A row as tests write it. */
export interface PlainRow {
  readonly eventTimeMs: number;
  readonly kind?: number;
  readonly values: readonly Value[];
}

/** A batch of plain rows, with `padding` physical rows before each that are not selected. */
export function batchOf(schema: RowSchema, rows: readonly PlainRow[], padding = 0): ColumnBatch {
  const builder = new BatchBuilder(schema, 1);
  const selected: number[] = [];
  for (const { eventTimeMs, kind, values } of rows) {
    for (let i = 0; i < padding; i++) builder.addRow(-1);
    builder.addRow(eventTimeMs, kind);
    values.forEach((value, field) => {
      if (typeof value === "number") builder.setNumber(field, value);
      else if (typeof value === "string") builder.setText(field, value);
    });
    selected.push(builder.rowCount - 1);
  }
  builder.selection = Int32Array.from(selected);
  builder.selectedCount = selected.length;
  return builder;
}

/** Copies of the selected rows of a batch. */
export function rowsOf(batch: ColumnBatch): PlainRow[] {
  const row = new Row();
  row.bind(batch);
  return Array.from(batch.selection.subarray(0, batch.selectedCount), (physical) => {
    row.moveTo(physical);
    const values = batch.schema.fields.map(({ type }, field): Value => {
      if (type === "string") return row.text(field);
      return row.isNull(field) ? null : row.number(field);
    });
    return { eventTimeMs: row.eventTimeMs, kind: row.kind, values };
  });
}
