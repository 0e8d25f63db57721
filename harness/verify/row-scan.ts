import type { ColumnSpec } from "../../queries/query.ts";
import type { CanonicalBuffer } from "./canonical.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const MAX_DIGITS = 15;

/**
 * Reads the usual form of an output record straight from its bytes into canonical form, without making strings or objects.
 * "Usual": JSON without escapes, plain decimal numbers, every column once. Anything else is left to `parseRow`.
 */
export class RowScanner {
  /** Where the canonical form of each column lies in the buffer, after `scan` returned true. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** True when the columns came in their documented order, so that the buffer as a whole is the row. */
  inOrder = true;
  readonly #columns: readonly ColumnSpec[];
  readonly #names: readonly Uint8Array[];
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;

  constructor(columns: readonly ColumnSpec[]) {
    this.#columns = columns;
    this.#names = columns.map((column) => new TextEncoder().encode(column.name));
    this.starts = new Int32Array(columns.length);
    this.ends = new Int32Array(columns.length);
  }

  /** Fills `into` from `bytes[start, end)`; false when the record is not of the usual form. */
  scan(bytes: Uint8Array, start: number, end: number, into: CanonicalBuffer): boolean {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.inOrder = true;
    this.starts.fill(-1);
    into.clear();
    if (!this.#take(0x7b)) return false;
    const count = this.#columns.length;
    for (let nth = 0; nth < count; nth++) {
      if (nth > 0 && !this.#take(0x2c)) return false;
      const column = this.#name(nth);
      if (column < 0 || this.starts[column] !== -1 || !this.#take(0x3a)) return false;
      if (column !== nth) this.inOrder = false;
      this.starts[column] = into.length;
      this.#space();
      if (!this.#value(column, into)) return false;
      this.ends[column] = into.length;
    }
    if (!this.#take(0x7d)) return false;
    this.#space();
    return this.#at === end;
  }

  #space(): void {
    const bytes = this.#bytes;
    while (this.#at < this.#end) {
      const byte = bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at++;
    }
  }

  #take(byte: number): boolean {
    this.#space();
    if (this.#at >= this.#end || this.#bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  /** The column named here, `expected` being the likely one; −1 when there is none. */
  #name(expected: number): number {
    if (!this.#take(QUOTE)) return -1;
    if (this.#nameIs(expected)) return expected;
    for (let i = 0; i < this.#names.length; i++) if (i !== expected && this.#nameIs(i)) return i;
    return -1;
  }

  #nameIs(column: number): boolean {
    const name = this.#names[column]!;
    const at = this.#at;
    if (at + name.length >= this.#end || this.#bytes[at + name.length] !== QUOTE) return false;
    for (let i = 0; i < name.length; i++) if (this.#bytes[at + i] !== name[i]) return false;
    this.#at = at + name.length + 1;
    return true;
  }

  #value(column: number, into: CanonicalBuffer): boolean {
    const type = this.#columns[column]!.type;
    const first = this.#bytes[this.#at];
    if (type === "json") return false;
    if (first === 0x6e) return this.#null(into);
    if (type === "string") return first === QUOTE && this.#string(into);
    return this.#number(type === "decimal3", into);
  }

  #null(into: CanonicalBuffer): boolean {
    const b = this.#bytes;
    const at = this.#at;
    if (at + 4 > this.#end || b[at + 1] !== 0x75 || b[at + 2] !== 0x6c || b[at + 3] !== 0x6c) return false;
    this.#at = at + 4;
    into.null();
    return true;
  }

  #string(into: CanonicalBuffer): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at + 1;
    into.reserve(5 + end - at);
    const opened = into.beginString();
    const out = into.bytes;
    let to = into.length;
    while (at < end) {
      const byte = bytes[at++]!;
      if (byte === QUOTE) {
        into.length = to;
        into.endString(opened);
        this.#at = at;
        return true;
      }
      if (byte === BACKSLASH || byte < 0x20) return false;
      out[to++] = byte;
    }
    return false;
  }

  /** An integer, or with `decimal` the thousandths of a number with up to three significant places. */
  #number(decimal: boolean, into: CanonicalBuffer): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    const from = at;
    let value = 0;
    while (at < end && isDigit(bytes[at]!)) value = value * 10 + bytes[at++]! - ZERO;
    const digits = at - from;
    if (digits === 0 || digits > (decimal ? MAX_DIGITS - 3 : MAX_DIGITS)) return false;
    if (digits > 1 && bytes[from] === ZERO) return false;
    if (decimal) {
      let places = 0;
      if (at < end && bytes[at] === POINT) {
        at++;
        const fraction = at;
        while (at < end && isDigit(bytes[at]!)) {
          const digit = bytes[at++]! - ZERO;
          if (places < 3) {
            value = value * 10 + digit;
            places++;
          } else if (digit !== 0) return false;
        }
        if (at === fraction) return false;
      }
      for (; places < 3; places++) value *= 10;
    }
    this.#at = at; // an exponent or a stray character fails at the next comma or brace
    into.integer(negative ? -value : value);
    return true;
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}
