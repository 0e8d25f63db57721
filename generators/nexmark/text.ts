import { asciiBlock } from "./ascii.ts";
import type { EventRandom } from "./event-random.ts";

const MIN_LENGTH = 3;
const SPACE = 0x20;
const BACKSLASH = 0x5c;
const LETTER_A = 0x61;

/** A word drawn by `draw`; the text is `view[start, end)` and needs no escaping in JSON. */
export class RandomWord {
  readonly view: DataView;
  readonly #maxLength: number;
  readonly #special: number;
  start = 0;
  end = 0;

  /** Lengths 3 .. `maxLength` − 1; one character in 13 is `special`. */
  constructor(maxLength: number, special = " ") {
    this.#maxLength = maxLength;
    this.#special = special.charCodeAt(0);
    this.view = asciiBlock(maxLength);
  }

  /** Nexmark's nextString: the word is trimmed at both ends, so it may be shorter than 3, or empty. */
  draw(random: EventRandom): void {
    const length = MIN_LENGTH + random.below(this.#maxLength - MIN_LENGTH);
    for (let i = 0; i < length; i++) {
      this.view.setUint8(i, random.below(13) === 0 ? this.#special : LETTER_A + random.below(26));
    }
    let start = 0;
    let end = length;
    while (start < end && this.view.getUint8(start) === SPACE) start++;
    while (end > start && this.view.getUint8(end - 1) === SPACE) end--;
    this.start = start;
    this.end = end;
  }

  get length(): number {
    return this.end - this.start;
  }
}

/** Nexmark's nextExactString drawn the slow way: six characters of one int, which may be negative (then 'H' .. 'a'). */
export function drawLetters(random: EventRandom, length: number, target: Uint8Array): void {
  let bits = 0;
  for (let i = 0, left = 0; i < length; i++, left--) {
    if (left === 0) {
      bits = random.nextInt();
      left = 6;
    }
    target[i] = LETTER_A + (bits % 26);
    bits = (bits / 26) | 0;
  }
}

/** Where the text of `extra` comes from. After `draw` it is `view[start, end)`, already escaped for JSON. */
export interface ExtraText {
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
  draw(random: EventRandom, length: number): void;
  /** Makes the text empty without a draw. */
  clear(): void;
}

/** Draws each text letter by letter (classic). */
export class DrawnExtraText implements ExtraText {
  readonly view: DataView;
  readonly start = 0;
  end = 0;
  readonly #letters: Uint8Array;

  constructor(maxLength: number) {
    this.#letters = new Uint8Array(maxLength);
    this.view = asciiBlock(2 * maxLength);
  }

  draw(random: EventRandom, length: number): void {
    drawLetters(random, length, this.#letters);
    let at = 0;
    for (let i = 0; i < length; i++) {
      const letter = this.#letters[i]!;
      if (letter === BACKSLASH) this.view.setUint8(at++, BACKSLASH);
      this.view.setUint8(at++, letter);
    }
    this.end = at;
  }

  clear(): void {
    this.end = 0;
  }
}

/** A long text in escaped form, with the place of each of its characters. */
export interface EscapedText {
  readonly length: number;
  readonly view: DataView;
  /** Offset of each character in `view`, and one more for the end. */
  readonly offsets: Uint32Array;
  /** The same in a sixteenth of the bytes, for the kernel: per 64 characters, which need a backslash (two words) and the offset of the first. */
  readonly blocks: Uint32Array;
}

/** 32-bit words of a block. */
const BLOCK_WORDS = 4;

/** Escapes `letters` once, so that any slice can be copied. */
export function escapeText(letters: Uint8Array): EscapedText {
  const offsets = new Uint32Array(letters.length + 1);
  const blocks = new Uint32Array(BLOCK_WORDS * ((letters.length >>> 6) + 1));
  let size = 0;
  for (let i = 0; i < letters.length; i++) {
    offsets[i] = size;
    const block = BLOCK_WORDS * (i >>> 6);
    if ((i & 63) === 0) blocks[block + 2] = size;
    if (letters[i] === BACKSLASH) blocks[block + ((i & 63) >>> 5)]! |= 1 << (i & 31);
    size += letters[i] === BACKSLASH ? 2 : 1;
  }
  if ((letters.length & 63) === 0) blocks[BLOCK_WORDS * (letters.length >>> 6) + 2] = size;
  offsets[letters.length] = size;
  const view = asciiBlock(size);
  for (let i = 0; i < letters.length; i++) {
    let at = offsets[i]!;
    if (letters[i] === BACKSLASH) view.setUint8(at++, BACKSLASH);
    view.setUint8(at, letters[i]!);
  }
  return { length: letters.length, view, offsets, blocks };
}

/** Slices of one static text (head). A draw is made even for an empty slice. */
export class SlicedExtraText implements ExtraText {
  readonly view: DataView;
  start = 0;
  end = 0;
  readonly #length: number;
  readonly #offsets: Uint32Array;

  constructor(text: EscapedText) {
    this.view = text.view;
    this.#length = text.length;
    this.#offsets = text.offsets;
  }

  draw(random: EventRandom, length: number): void {
    const offset = random.below(this.#length - length);
    this.start = this.#offsets[offset]!;
    this.end = this.#offsets[offset + length]!;
  }

  clear(): void {
    this.end = this.start;
  }
}
