import { encodeText } from "../../rows/text.ts";

const BACKSLASH = 0x5c;
const HIGH_BITS = 0x80808080;
const LOW_BITS = 0x01010101;

/** 1 for characters that may follow a backslash where nothing else need be known: `\u` does. */
const SHORT_ESCAPE = new Uint8Array(256);
for (const character of '"\\bfnrt') SHORT_ESCAPE[character.charCodeAt(0)] = 1;

/** Are these bytes a string in JSON form, as columns hold it: what `JSON.stringify` would write between the quotes? Does not allocate for ASCII. */
export function isCanonicalString(bytes: Uint8Array, view: DataView, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    while (at + 4 <= end && !hasSpecial(view.getInt32(at, true))) at += 4;
    while (at < end && !isSpecial(bytes[at]!)) at += 1;
    if (at >= end) return true;
    if (bytes[at] !== BACKSLASH || at + 1 >= end || SHORT_ESCAPE[bytes[at + 1]!] === 0) {
      return isCanonicalSlowly(bytes, start, end);
    }
    at += 2;
  }
  return true;
}

/** The rest: not ASCII, `\u` escapes, and what is wrong. */
function isCanonicalSlowly(bytes: Uint8Array, start: number, end: number): boolean {
  let text: string;
  try {
    text = JSON.parse(
      `"${Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8")}"`,
    ) as string;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
  const canonical = encodeText(text);
  return canonical.length === end - start && canonical.every((byte, i) => byte === bytes[start + i]);
}

function isSpecial(byte: number): boolean {
  return byte === 0x22 || byte === BACKSLASH || byte < 0x20 || byte > 0x7f;
}

/** Is one of the word's four bytes a quote, a backslash, a control character or not ASCII? (May err towards yes.) */
function hasSpecial(word: number): boolean {
  const quotes = (word ^ 0x22222222) - LOW_BITS;
  const backslashes = (word ^ 0x5c5c5c5c) - LOW_BITS;
  return ((word | (word - 0x20202020) | quotes | backslashes) & HIGH_BITS) !== 0;
}
