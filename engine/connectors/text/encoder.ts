import { FaultlineError } from "../../../base/errors.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import { Row } from "../../rows/row.ts";
import type { RowSchema } from "../../rows/schema.ts";
import type { RowEncoder } from "../format.ts";

/** Most bytes of a number written as text. */
const MAX_NUMBER_BYTES = 25;

/**
 * Makes the encoders of a sink of plain text: the fields of `schema` in order, `separator` between them: `hello : 2`. NULL is empty. For
 * people who look, not for the hot path. `job-invalid` for a field of decimals.
 */
export function textEncoder(schema: RowSchema, separator: string): () => RowEncoder {
  const decimal = schema.fields.find(({ type }) => type === "decimal3");
  if (decimal !== undefined)
    throw new FaultlineError("job-invalid", `field "${decimal.name}" cannot be written as text`);
  return () => new TextRow(schema, separator);
}

class TextRow implements RowEncoder {
  readonly #isText: readonly boolean[];
  readonly #separator: string;
  readonly #row = new Row();
  readonly #utf8 = new TextEncoder();

  constructor(schema: RowSchema, separator: string) {
    this.#isText = schema.fields.map(({ type }) => type === "string");
    this.#separator = separator;
  }

  maxBytes(batch: ColumnBatch, row: number): number {
    const bytes = this.#isText.map((_, field) => {
      const column = batch.columns[field]!;
      // An escape is never shorter than what it stands for, in UTF-8.
      return column.kind === "string" ? Math.max(0, column.lengths[row]!) : MAX_NUMBER_BYTES;
    });
    return bytes.reduce((sum, one) => sum + one + 4 * this.#separator.length, 0);
  }

  encode(batch: ColumnBatch, row: number, target: Uint8Array, at: number): number {
    const cursor = this.#row;
    cursor.bind(batch);
    cursor.moveTo(row);
    const texts = this.#isText.map((isText, field) => {
      if (cursor.isNull(field)) return "";
      return isText ? cursor.text(field)! : String(cursor.number(field));
    });
    return at + this.#utf8.encodeInto(texts.join(this.#separator), target.subarray(at)).written;
  }
}
