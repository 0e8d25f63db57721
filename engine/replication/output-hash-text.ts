import { BinaryRowReader } from "../rows/binary.ts";
import { Row } from "../rows/row.ts";
import type { RowSchema } from "../rows/schema.ts";

/** Longest text of a record, characters. */
const MAX_TEXT = 500;

/** A row in binary form for people: its fields by name, as JSON, then its event time; cut off when it is long. */
export function rowText(schema: RowSchema, row: Uint8Array): string {
  const parts: string[] = [];
  new BinaryRowReader(schema, 1).decode(row, 0, 1, (batch) => {
    const cursor = new Row();
    cursor.bind(batch);
    cursor.moveTo(0);
    for (const [index, { name, type }] of schema.fields.entries()) {
      const value = cursor.isNull(index) ? null : type === "string" ? cursor.text(index) : cursor.number(index);
      parts.push(`${JSON.stringify(name)}:${typeof value === "number" ? value : JSON.stringify(value)}`);
    }
    parts.push(`event time ${cursor.eventTimeMs}`);
  });
  const time = parts.pop();
  const text = `{${parts.join(",")}} (${time})`;
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
