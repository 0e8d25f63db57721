import { HEAD_BYTES } from "../../engine/connectors/binary/layout.ts";
import type { WireFormatName } from "../../generators/dataset.ts";
import type { ColumnSpec, Value } from "../../queries/query.ts";
import { BinaryRowScanner, rowLayout, stringOf } from "./binary-scan.ts";
import { CanonicalBuffer, thousandths } from "./canonical.ts";
import { parseRow } from "./typed-value.ts";

const TWO_32 = 4_294_967_296;

/** Output records as JSON text and back, whatever their format: for people, samples and planted errors, not for the hot path. */
export interface RowText {
  /** The record in `bytes[start, end)` as JSON text. What is no row of the query stays what it is, in a form that is no row either. */
  textOf(bytes: Uint8Array, start: number, end: number): string;
  /** The record of a text that is a row of the query. */
  bytesOf(text: string): Uint8Array;
}

/** Text of the records of these columns. */
export function rowText(format: WireFormatName, columns: readonly ColumnSpec[]): RowText {
  return format === "binary" ? new BinaryText(columns) : new JsonText();
}

class JsonText implements RowText {
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();

  textOf(bytes: Uint8Array, start: number, end: number): string {
    return this.#decoder.decode(bytes.subarray(start, end));
  }

  bytesOf(text: string): Uint8Array {
    return this.#encoder.encode(text);
  }
}

class BinaryText implements RowText {
  readonly #columns: readonly ColumnSpec[];
  readonly #row: ReturnType<typeof rowLayout>;
  readonly #scanner: BinaryRowScanner;
  readonly #scratch = new CanonicalBuffer();

  constructor(columns: readonly ColumnSpec[]) {
    this.#columns = columns;
    this.#row = rowLayout(columns);
    this.#scanner = new BinaryRowScanner(columns);
  }

  textOf(bytes: Uint8Array, start: number, end: number): string {
    if (!this.#scanner.scan(bytes, start, end, this.#scratch)) {
      return `no binary row of this query: ${Buffer.from(bytes.subarray(start, end)).toString("hex")}`;
    }
    const { places, fixedBytes } = this.#row.layout;
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
    let at = 0;
    const values = this.#columns.map(({ name, type }, field): [string, Value] => {
      const isNull = (view.getUint8(HEAD_BYTES + (field >> 3)) & (1 << (field & 7))) !== 0;
      const place = places[field]!;
      if (type === "string") {
        const from = at;
        at = view.getUint32(place, true);
        return [name, isNull ? null : stringOf(bytes, start + fixedBytes + from, start + fixedBytes + at)];
      }
      const value = view.getInt32(place + 4, true) * TWO_32 + view.getUint32(place, true);
      if (isNull) return [name, null];
      return [name, type === "decimal3" ? value / 1000 : value];
    });
    return JSON.stringify(Object.fromEntries(values));
  }

  bytesOf(text: string): Uint8Array {
    const { head, layout } = this.#row;
    const values = parseRow(this.#columns, text) ?? [];
    const strings = this.#columns.map(({ type }, field) =>
      Buffer.from(type === "string" && values[field] != null ? JSON.stringify(values[field]).slice(1, -1) : ""),
    );
    const bytes = new Uint8Array(layout.fixedBytes + strings.reduce((sum, { length }) => sum + length, 0));
    const view = new DataView(bytes.buffer);
    view.setUint32(0, head, true);
    let end = layout.fixedBytes;
    this.#columns.forEach(({ type }, field) => {
      const value = values[field] ?? null;
      if (value === null) bytes[HEAD_BYTES + (field >> 3)]! |= 1 << (field & 7);
      const place = layout.places[field]!;
      if (type === "string") {
        bytes.set(strings[field]!, end);
        end += strings[field]!.length;
        view.setUint32(place, end - layout.fixedBytes, true);
      } else {
        const number = typeof value !== "number" ? 0 : type === "decimal3" ? (thousandths(value) ?? 0) : value;
        view.setBigInt64(place, BigInt(number), true);
      }
    });
    return bytes;
  }
}
