const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE_DIGITS = 9;
/** More digits may not fit 2^53. */
const MAX_DIGITS = 15;
const HIGH_BITS = 0x80808080;
const LOW_BITS = 0x01010101;

/** 1 for characters that may follow a backslash in the form that `JSON.stringify` writes; `\/` and `\u` are for the slow path. */
const SHORT_ESCAPE = new Uint8Array(256);
for (const character of '"\\bfnrt') SHORT_ESCAPE[character.charCodeAt(0)] = 1;

const POWERS_OF_TEN = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

/** Bytes to compare with, four at a time. */
export interface Literal {
  readonly length: number;
  readonly words: Int32Array;
  /** The last four bytes again, or fewer one by one. */
  readonly tail: Int32Array;
}

export function literal(text: string): Literal {
  const bytes = new TextEncoder().encode(text);
  const view = new DataView(bytes.buffer);
  const words = Int32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getInt32(i * 4, true));
  return { length: bytes.length, words, tail: Int32Array.from(bytes.subarray(words.length * 4)) };
}

/**
 * Reads the JSON that our writers make, strictly and without allocating: literals in the documented order without white space, plain
 * integers, ASCII strings in canonical form. Every method returns false on anything else, which then is the slow path's business.
 */
export class JsonScanner {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where to go on, and where the record ends. */
  at = 0;
  end = 0;
  /** Result of `integer`. */
  number = 0;
  /** Result of `string`: a span of `bytes` without the quotes. */
  start = 0;
  length = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** Goes to other bytes. */
  use(bytes: Uint8Array): void {
    if (this.bytes === bytes) return;
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Steps over exactly these bytes. */
  literal({ length, words, tail }: Literal): boolean {
    const { at, bytes } = this;
    const view = this.#view;
    if (at + length > this.end) return false;
    let position = at;
    for (let i = 0; i < words.length; i++, position += 4) {
      if (view.getInt32(position, true) !== words[i]!) return false;
    }
    for (let i = 0; i < tail.length; i++) if (bytes[position + i] !== tail[i]) return false;
    this.at = at + length;
    return true;
  }

  /** An integer of at most 15 digits into `number`. */
  integer(): boolean {
    const { bytes } = this;
    const negative = bytes[this.at] === MINUS;
    const start = negative ? this.at + 1 : this.at;
    let at = start;
    let digit = bytes[at]! - ZERO;
    let high = 0;
    for (; digit >>> 0 < 10 && at < start + NINE_DIGITS; digit = bytes[++at]! - ZERO) high = (high * 10 + digit) | 0;
    let value = high;
    if (digit >>> 0 < 10) {
      const lowStart = at;
      let low = 0;
      for (; digit >>> 0 < 10 && at < start + MAX_DIGITS; digit = bytes[++at]! - ZERO) low = (low * 10 + digit) | 0;
      value = high * POWERS_OF_TEN[at - lowStart]! + low;
    }
    if (!this.#endsNumber(start, at, negative)) return false;
    this.number = negative ? -value : value;
    this.at = at;
    return true;
  }

  /** Digits, no leading zero, no −0, nothing that would make it longer or not an integer. */
  #endsNumber(start: number, at: number, negative: boolean): boolean {
    if (at === start || at > this.end) return false;
    if (this.bytes[start] === ZERO && (at > start + 1 || negative)) return false;
    return at === this.end || !continuesNumber(this.bytes[at]!);
  }

  /** A string, quotes included; its content into `start` and `length`. */
  string(): boolean {
    const { bytes, end } = this;
    const view = this.#view;
    if (this.at >= end || bytes[this.at] !== QUOTE) return false;
    const start = this.at + 1;
    let at = start;
    for (;;) {
      while (at + 4 <= end && !hasSpecial(view.getInt32(at, true))) at += 4;
      while (at < end && !isSpecial(bytes[at]!)) at += 1;
      if (at >= end) return false;
      if (bytes[at] === QUOTE) break;
      if (bytes[at] !== BACKSLASH || at + 1 >= end || SHORT_ESCAPE[bytes[at + 1]!] === 0) return false;
      at += 2;
    }
    this.start = start;
    this.length = at - start;
    this.at = at + 1;
    return true;
  }
}

function continuesNumber(byte: number): boolean {
  return (byte - ZERO) >>> 0 < 10 || byte === 0x2e || (byte | 0x20) === 0x65;
}

function isSpecial(byte: number): boolean {
  return byte === QUOTE || byte === BACKSLASH || byte < 0x20 || byte > 0x7f;
}

/** Is one of the word's four bytes a quote, a backslash, a control character or not ASCII? (May err towards yes.) */
function hasSpecial(word: number): boolean {
  const quotes = word ^ 0x22222222;
  const backslashes = word ^ 0x5c5c5c5c;
  const zeroes = ((quotes - LOW_BITS) & ~quotes) | ((backslashes - LOW_BITS) & ~backslashes);
  return ((zeroes | ((word - 0x20202020) & ~word) | word) & HIGH_BITS) !== 0;
}
