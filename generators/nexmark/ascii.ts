/**
 * Fast writing of ASCII into a DataView. Text is copied eight bytes at a time as doubles: ASCII bytes never form a NaN or an
 * infinity, so the bits survive. Copies overshoot by up to 7 bytes; both ends keep that much slack.
 */

/** How many bytes a copy may touch beyond its end, on both sides. */
export const COPY_SLACK = 8;

/** A piece of ASCII text in a buffer that has COPY_SLACK bytes behind it. */
export interface AsciiSpan {
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}

/** A buffer of `size` usable bytes plus slack. */
export function asciiBlock(size: number): DataView {
  return new DataView(new ArrayBuffer(size + COPY_SLACK));
}

/** `text` (ASCII) in a buffer of its own. */
export function asciiSpan(text: string): AsciiSpan {
  const view = asciiBlock(text.length);
  for (let i = 0; i < text.length; i++) view.setUint8(i, text.charCodeAt(i));
  return { view, start: 0, end: text.length };
}

/** The text of `view[start, end)`. */
export function asciiText(view: DataView, start: number, end: number): string {
  return Buffer.from(view.buffer, view.byteOffset + start, end - start).toString("latin1");
}

/** Copies `source[start, end)` to `target` at `at`; returns the new end. */
export function copyAscii(target: DataView, at: number, source: DataView, start: number, end: number): number {
  const shift = at - start;
  for (let i = start; i < end; i += 8) target.setFloat64(i + shift, source.getFloat64(i, true), true);
  return end + shift;
}

/** Copies a span to `target` at `at`; returns the new end. */
export function copySpan(target: DataView, at: number, span: AsciiSpan): number {
  return copyAscii(target, at, span.view, span.start, span.end);
}

/** "00" .. "99" as little-endian 16-bit words. */
const DIGIT_PAIRS = Uint16Array.from({ length: 100 }, (_, n) => (48 + Math.floor(n / 10)) | ((48 + (n % 10)) << 8));

function digitCount(value: number): number {
  if (value < 10_000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return value < 1_000_000_000 ? 9 : 10;
}

/** Writes four digits with leading zeros; `value` 0 .. 9999. */
export function writeFourDigits(target: DataView, at: number, value: number): number {
  const high = (value / 100) | 0;
  target.setUint16(at, DIGIT_PAIRS[high]!, true);
  target.setUint16(at + 2, DIGIT_PAIRS[value - high * 100]!, true);
  return at + 4;
}

function writeSmall(target: DataView, at: number, value: number): number {
  let rest = value | 0;
  const end = at + digitCount(rest);
  let place = end;
  while (rest >= 100) {
    const high = (rest / 100) | 0;
    place -= 2;
    target.setUint16(place, DIGIT_PAIRS[rest - high * 100]!, true);
    rest = high;
  }
  if (rest >= 10) target.setUint16(place - 2, DIGIT_PAIRS[rest]!, true);
  else target.setUint8(place - 1, 48 + rest);
  return end;
}

/** Writes the decimal digits of an integer 0 .. 2^53 − 1; returns the new end. */
export function writeInteger(target: DataView, at: number, value: number): number {
  if (value < 1_000_000_000) return writeSmall(target, at, value);
  const high = Math.floor(value / 100_000_000);
  const low = value - high * 100_000_000;
  const end = writeInteger(target, at, high);
  const middle = (low / 10_000) | 0;
  return writeFourDigits(target, writeFourDigits(target, end, middle), low - middle * 10_000);
}
