const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const BILLION = 1_000_000_000;

/** No number that these functions write is longer. */
export const MAX_NUMBER_BYTES = 32;

/** Writes an integer of up to 53 bits in decimal; returns the new end. Allocates nothing. */
export function writeInteger(target: Uint8Array, at: number, value: number): number {
  if (value < 0) {
    target[at] = MINUS;
    return writeInteger(target, at + 1, -value);
  }
  if (value < BILLION) return writeDigits(target, at, value, digitCount(value));
  const high = Math.floor(value / BILLION);
  return writeDigits(target, writeInteger(target, at, high), value - high * BILLION, 9);
}

/** Writes `thousandths` / 1000 without trailing zeros: 90800 is `90.8`. */
export function writeThousandths(target: Uint8Array, at: number, thousandths: number): number {
  if (thousandths < 0) {
    target[at] = MINUS;
    return writeThousandths(target, at + 1, -thousandths);
  }
  const whole = Math.floor(thousandths / 1000);
  const fraction = thousandths - whole * 1000;
  let end = writeInteger(target, at, whole);
  if (fraction === 0) return end;
  target[end] = POINT;
  end = writeDigits(target, end + 1, fraction, 3);
  while (target[end - 1] === ZERO) end -= 1;
  return end;
}

/** Writes a finite double as JavaScript prints it, which reads back exactly. */
export function writeDouble(target: Uint8Array, at: number, value: number): number {
  if (Number.isSafeInteger(value)) return writeInteger(target, at, value);
  const text = String(value);
  for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
  return at + text.length;
}

function digitCount(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count += 1;
  return count;
}

/** The last `count` decimal digits of `value` < 10^9. */
function writeDigits(target: Uint8Array, at: number, value: number, count: number): number {
  let rest = value | 0;
  for (let i = at + count - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    target[i] = ZERO + rest - next * 10;
    rest = next;
  }
  return at + count;
}
