// AssemblyScript. Columns to JSON rows, driven by a table (encode-program.ts writes it): per field a literal and the value's column.

const QUOTE: u8 = 0x22;
const CLOSE: u8 = 0x7d;
const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const NULL_WORD: u32 = 0x6c6c756e; // "null"

const STRING: i32 = 0;
const DECIMAL3: i32 = 2;
// A field: address and length of its literal, kind, values and NULL flags of a number, or offsets, lengths and what the offsets count from.
const FIELD_BYTES: usize = 24;
/** Room for what a field writes beside its literal and its string. */
const MAX_NUMBER_BYTES: usize = 32;

/** Copies in blocks of 16, so it writes up to 15 bytes more than it is asked to. */
@inline
function copy(target: usize, source: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(target + i, v128.load(source + i));
}

@inline
function lengthOf(value: u32): usize {
  if (value < 10000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  if (value < 1000000) return value < 100000 ? 5 : 6;
  return value < 10000000 ? 7 : value < 100000000 ? 8 : value < 1000000000 ? 9 : 10;
}

/** The last `count` digits of `value`. */
@inline
function writeDigits(at: usize, value: u32, count: usize): void {
  let rest = value;
  for (let p = at + count; p > at; ) {
    const next = rest / 10;
    p -= 1;
    store<u8>(p, <u8>(ZERO + <u8>(rest - next * 10)));
    rest = next;
  }
}

/** Writes an integer of at least 0; returns the end. Exact up to 2^53. */
function writeWhole(at: usize, value: f64): usize {
  if (value < 4294967296.0) {
    const small = <u32>value;
    const count = lengthOf(small);
    writeDigits(at, small, count);
    return at + count;
  }
  const high = Math.floor(value / 1e8);
  const end = writeWhole(at, high);
  writeDigits(end, <u32>(value - high * 1e8), 8);
  return end + 8;
}

@inline
function writeNumber(target: usize, number: f64, kind: i32): usize {
  let at = target;
  let value = number;
  if (value < 0) {
    store<u8>(at, MINUS);
    at += 1;
    value = -value;
  }
  if (kind != DECIMAL3) return writeWhole(at, value);
  const whole = Math.floor(value / 1000);
  const thousandths = <u32>(value - whole * 1000);
  at = writeWhole(at, whole);
  if (thousandths == 0) return at;
  store<u8>(at, POINT);
  writeDigits(at + 1, thousandths, 3);
  at += 4;
  while (load<u8>(at - 1) == ZERO) at -= 1;
  return at;
}

@inline
function writeNull(at: usize): usize {
  store<u32>(at, NULL_WORD);
  return at + 4;
}

@inline
function writeString(target: usize, base: usize, offsets: usize, lengths: usize, row: usize): usize {
  const length = load<i32>(lengths + (row << 2));
  if (length < 0) return writeNull(target);
  store<u8>(target, QUOTE);
  copy(target + 1, base + <usize>load<i32>(offsets + (row << 2)), <usize>length);
  const at = target + 1 + <usize>length;
  store<u8>(at, QUOTE);
  return at + 1;
}

/** Most bytes that the strings of a row take. */
@inline
function stringBytes(fields: usize, fieldCount: i32, row: usize): usize {
  let bytes: usize = 0;
  for (let i = 0; i < fieldCount; i++) {
    const field = fields + <usize>i * FIELD_BYTES;
    if (load<i32>(field, 8) == STRING) bytes += <usize>max(load<i32>(load<usize>(field, 16) + (row << 2)), 0);
  }
  return bytes;
}

/**
 * Writes the rows `selection[first, count)` to [target, limit), one behind the other, and the end of each, from `target` on, to `ends`.
 * Returns how many it could write.
 */
export function encode(
  fields: usize,
  fieldCount: i32,
  selection: usize,
  first: i32,
  count: i32,
  target: usize,
  limit: usize,
  ends: usize,
): i32 {
  let fixed: usize = 64;
  for (let i = 0; i < fieldCount; i++) {
    fixed += <usize>load<i32>(fields + <usize>i * FIELD_BYTES, 4) + MAX_NUMBER_BYTES;
  }
  let at = target;
  let index = first;
  for (; index < count; index++) {
    const row = <usize>load<i32>(selection + (<usize>index << 2));
    if (at + fixed + stringBytes(fields, fieldCount, row) > limit) break;
    for (let i = 0; i < fieldCount; i++) {
      const field = fields + <usize>i * FIELD_BYTES;
      const length = <usize>load<i32>(field, 4);
      copy(at, load<usize>(field), length);
      at += length;
      const kind = load<i32>(field, 8);
      const values = load<usize>(field, 12);
      const second = load<usize>(field, 16);
      if (kind == STRING) at = writeString(at, load<usize>(field, 20), values, second, row);
      else if (second != 0 && load<u8>(second + row) == 1) at = writeNull(at);
      else at = writeNumber(at, load<f64>(values + (row << 3)), kind);
    }
    store<u8>(at, CLOSE);
    at += 1;
    store<i32>(ends + (<usize>(index - first) << 2), <i32>(at - target));
  }
  return index - first;
}
