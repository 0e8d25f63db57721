import { FaultlineError } from "../../base/errors.ts";
import type { ColumnType, Value } from "../../queries/query.ts";

const TAG_NULL = 0;
const TAG_INTEGER = 1;
const TAG_STRING = 2;
const SHORT_TEXT = 64;
const TWO_32 = 4294967296;

/**
 * The canonical binary form of typed column values, one after the other in a growing buffer:
 * a tag byte, then 8 bytes little endian (BIGINT, epoch ms, thousandths of a DECIMAL) or a 4-byte length and UTF-8 (VARCHAR, JSON text);
 * NULL is its tag alone. Equal typed values give equal bytes however they were formatted.
 */
export class CanonicalBuffer {
  bytes = new Uint8Array(1024);
  length = 0;
  readonly #encoder = new TextEncoder();

  clear(): void {
    this.length = 0;
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  null(): void {
    this.reserve(1);
    this.bytes[this.length++] = TAG_NULL;
  }

  /** `value`: a safe integer. */
  integer(value: number): void {
    this.reserve(9);
    const bytes = this.bytes;
    let at = this.length;
    const low = value >>> 0;
    const high = Math.floor(value / TWO_32) | 0;
    bytes[at++] = TAG_INTEGER;
    bytes[at++] = low;
    bytes[at++] = low >>> 8;
    bytes[at++] = low >>> 16;
    bytes[at++] = low >>> 24;
    bytes[at++] = high;
    bytes[at++] = high >> 8;
    bytes[at++] = high >> 16;
    bytes[at++] = high >> 24;
    this.length = at;
  }

  string(text: string): void {
    this.reserve(5 + text.length * 3);
    const start = this.beginString();
    if (!this.#ascii(text)) {
      this.length += this.#encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
    }
    this.endString(start);
  }

  /** Appends a short text of ASCII, for which a loop is faster than the encoder; false when it is neither, nothing appended. */
  #ascii(text: string): boolean {
    if (text.length > SHORT_TEXT) return false;
    const bytes = this.bytes;
    const at = this.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at + i] = code;
    }
    this.length = at + text.length;
    return true;
  }

  /** Opens a string whose UTF-8 the caller writes to `bytes` at `length`; returns what `endString` wants. */
  beginString(): number {
    this.reserve(5);
    const start = this.length;
    this.bytes[start] = TAG_STRING;
    this.length += 5;
    return start;
  }

  endString(start: number): void {
    const size = this.length - start - 5;
    this.bytes[start + 1] = size;
    this.bytes[start + 2] = size >>> 8;
    this.bytes[start + 3] = size >>> 16;
    this.bytes[start + 4] = size >>> 24;
  }

  /** Appends `from[start, end)`, already canonical. */
  copy(from: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    const bytes = this.bytes;
    let at = this.length;
    for (let i = start; i < end; i++) bytes[at++] = from[i]!;
    this.length = at;
  }

  /** A typed value of the oracle. Throws `assertion-failed` when it does not belong to the type. */
  value(type: ColumnType, value: Value, column: string): void {
    if (value === null) this.null();
    else if (typeof value === "string") {
      if (type !== "string" && type !== "json") throw misfit(type, value, column);
      this.string(value);
    } else if (type === "string" || type === "json") throw misfit(type, value, column);
    else if (type === "decimal3") this.integer(thousandths(value) ?? fail(type, value, column));
    else if (Number.isSafeInteger(value)) this.integer(value);
    else throw misfit(type, value, column);
  }
}

/** The exact number of thousandths of a decimal with at most three places, or null when it has more. */
export function thousandths(value: number): number | null {
  const scaled = Math.round(value * 1000);
  return Number.isSafeInteger(scaled) && scaled / 1000 === value ? scaled : null;
}

function misfit(type: ColumnType, value: Value, column: string): FaultlineError {
  return new FaultlineError("assertion-failed", `column ${column}: ${JSON.stringify(value)} is no ${type}`);
}

function fail(type: ColumnType, value: Value, column: string): never {
  throw misfit(type, value, column);
}
