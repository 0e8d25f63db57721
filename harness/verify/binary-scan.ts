import { FaultlineError } from "../../base/errors.ts";
import {
  HEAD_BYTES,
  headOf,
  type LayoutField,
  type RecordLayout,
  recordLayout,
  rowVariant,
  schemaHash,
} from "../../engine/connectors/binary/layout.ts";
import type { ColumnSpec } from "../../queries/query.ts";
import type { CanonicalBuffer } from "./canonical.ts";

const BACKSLASH = 0x5c;
const TWO_32 = 4_294_967_296;

/** The first four bytes and the layout of a query's output records. Throws `assertion-failed` for columns that have no binary form. */
export function rowLayout(columns: readonly ColumnSpec[]): { readonly head: number; readonly layout: RecordLayout } {
  const fields = columns.map(({ name, type }): LayoutField => {
    if (type === "json") throw new FaultlineError("assertion-failed", `column ${name} has no binary form`);
    return { name, type };
  });
  const variant = rowVariant(fields);
  return { head: headOf(schemaHash([variant]), variant.tag), layout: recordLayout(variant) };
}

/** Reads output records of the binary wire format straight from their bytes into canonical form. */
export class BinaryRowScanner {
  /** Where the canonical form of each column lies in the buffer, after `scan` returned true. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly inOrder = true;
  readonly #layout: RecordLayout;
  readonly #head: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(columns: readonly ColumnSpec[]) {
    ({ head: this.#head, layout: this.#layout } = rowLayout(columns));
    this.starts = new Int32Array(columns.length);
    this.ends = new Int32Array(columns.length);
  }

  /** Fills `into` from `bytes[start, end)`; false when that is no row of the columns. */
  scan(bytes: Uint8Array, start: number, end: number, into: CanonicalBuffer): boolean {
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const view = this.#view;
    const { fields, flagBytes, unusedFlags, places, fixedBytes } = this.#layout;
    into.clear();
    if (end - start < fixedBytes || view.getUint32(start, true) !== this.#head) return false;
    const flags = start + HEAD_BYTES;
    if ((bytes[flags + flagBytes - 1]! & unusedFlags) !== 0) return false;
    let at = start + fixedBytes;
    for (let field = 0; field < fields.length; field++) {
      const isNull = (bytes[flags + (field >> 3)]! & (1 << (field & 7))) !== 0;
      const place = start + places[field]!;
      this.starts[field] = into.length;
      if (fields[field]!.type === "string") {
        const stringEnd = start + fixedBytes + view.getUint32(place, true);
        if (stringEnd < at || stringEnd > end) return false;
        if (isNull ? stringEnd !== at : !copyString(bytes, at, stringEnd, into)) return false;
        at = stringEnd;
      } else {
        const value = view.getInt32(place + 4, true) * TWO_32 + view.getUint32(place, true);
        if (isNull ? value !== 0 : !Number.isSafeInteger(value)) return false;
        if (!isNull) into.integer(value);
      }
      if (isNull) into.null();
      this.ends[field] = into.length;
    }
    return at === end;
  }
}

/** Appends the UTF-8 of a string that is given in JSON form; false when it is none. */
function copyString(bytes: Uint8Array, start: number, end: number, into: CanonicalBuffer): boolean {
  into.reserve(5 + end - start);
  const opened = into.beginString();
  const out = into.bytes;
  let to = into.length;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === BACKSLASH || byte === 0x22 || byte < 0x20 || byte > 0x7f) {
      into.length = opened;
      return copyParsed(bytes, start, end, into);
    }
    out[to++] = byte;
  }
  into.length = to;
  into.endString(opened);
  return true;
}

/** The slow way, for escapes and what is not ASCII. */
function copyParsed(bytes: Uint8Array, start: number, end: number, into: CanonicalBuffer): boolean {
  const text = stringOf(bytes, start, end);
  if (text === null) return false;
  into.string(text);
  return true;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The string whose JSON form is `bytes[start, end)`; null when it is none. */
export function stringOf(bytes: Uint8Array, start: number, end: number): string | null {
  try {
    return JSON.parse(`"${decoder.decode(bytes.subarray(start, end))}"`) as string;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null; // no JSON form, no UTF-8: the caller tells
    throw error;
  }
}
