import type { ColumnBatch } from "../rows/batch.ts";
import { BatchBuilder, type RowWriter } from "../rows/batch-builder.ts";
import { Row } from "../rows/row.ts";
import type { RowSchema } from "../rows/schema.ts";
import { StatelessOperator } from "./stateless.ts";

export type RowMapper = (row: Row, out: RowWriter) => void;

/** Makes one row of each. Event time and kind are the input row's; fields that the mapper does not set are NULL. */
export class MapOperator extends StatelessOperator {
  readonly #mapper: RowMapper;
  readonly #row = new Row();
  readonly #builder: BatchBuilder;

  constructor(schema: RowSchema, mapper: RowMapper) {
    super();
    this.#mapper = mapper;
    this.#builder = new BatchBuilder(schema);
  }

  override process(_input: number, batch: ColumnBatch): void {
    const { selection, selectedCount, eventTimes, kinds } = batch;
    const mapper = this.#mapper;
    const row = this.#row;
    const out = this.#builder;
    out.clear();
    row.bind(batch);
    for (let i = 0; i < selectedCount; i++) {
      const physical = selection[i]!;
      row.moveTo(physical);
      out.addRow(eventTimes[physical]!, kinds[physical]!);
      mapper(row, out);
    }
    this.emit(out);
  }
}
