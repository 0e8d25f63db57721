// AssemblyScript. The smallest steps of reading JSON, 16 bytes at a time. Every function may read up to 31 bytes past what it is asked
// about; the memory's layout leaves room for that.

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const ZERO: u8 = 0x30;

/** Literals lie in the program in blocks of 32 bytes: 16 bytes to compare with, then a mask of those that count. */
@inline
export function hasLiteral(at: usize, literal: usize, length: i32): bool {
  let block = literal;
  let p = at;
  for (let left = length; left > 0; left -= 16) {
    const different = v128.xor(v128.load(p), v128.load(block));
    if (v128.any_true(v128.and(different, v128.load(block, 16)))) return false;
    p += 16;
    block += 32;
  }
  return true;
}

/** How many digits begin at `at`; 16 stands for 16 or more. */
@inline
export function digitCount(at: usize): i32 {
  const digits = i8x16.sub(v128.load(at), i8x16.splat(ZERO));
  const others = i8x16.bitmask(i8x16.gt_u(digits, i8x16.splat(9)));
  return ctz(others | 0x10000);
}

/** Value of the `count` < 16 digits at `at`: neighbours are joined to numbers of 2, then 4, then 8 digits. */
@inline
export function digitsValue(at: usize, count: i32): f64 {
  const digits = i8x16.sub(v128.load(at), i8x16.splat(ZERO));
  // Moved to the end of the vector; indexes below 0 are beyond 15 as bytes, which a swizzle reads as 0.
  const places = i8x16.sub(
    i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    i8x16.splat(<i8>(16 - count)),
  );
  const aligned = i8x16.swizzle(digits, places);
  const tens = i8x16(10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1);
  const low = i32x4.extadd_pairwise_i16x8_u(i16x8.extmul_low_i8x16_u(aligned, tens));
  const high = i32x4.extadd_pairwise_i16x8_u(i16x8.extmul_high_i8x16_u(aligned, tens));
  const twos = i16x8.narrow_i32x4_s(low, high);
  const fours = i32x4.dot_i16x8_s(twos, i16x8(100, 1, 100, 1, 100, 1, 100, 1));
  const packed = i16x8.narrow_i32x4_s(fours, fours);
  const eights = i32x4.dot_i16x8_s(packed, i16x8(10000, 1, 10000, 1, 10000, 1, 10000, 1));
  return <f64>i32x4.extract_lane(eights, 0) * 1e8 + <f64>i32x4.extract_lane(eights, 1);
}

/** May this follow a backslash in the form that JSON.stringify writes? `\u` and `\/` are for the slow path. */
@inline
function isShortEscape(byte: u8): bool {
  return (
    byte == QUOTE || byte == BACKSLASH || byte == 0x62 || byte == 0x66 || byte == 0x6e || byte == 0x72 || byte == 0x74
  );
}

/** Where the string whose content begins at `at` ends, its closing quote; 0 when it is not ASCII in canonical form before `end`. */
@inline
export function stringEnd(at: usize, end: usize): usize {
  let p = at;
  while (p < end) {
    const bytes = v128.load(p);
    const quotes = i8x16.eq(bytes, i8x16.splat(QUOTE));
    const backslashes = i8x16.eq(bytes, i8x16.splat(BACKSLASH));
    // Signed: what is not ASCII is negative.
    const others = i8x16.lt_s(bytes, i8x16.splat(0x20));
    const special = i8x16.bitmask(v128.or(v128.or(quotes, backslashes), others));
    if (special == 0) {
      p += 16;
      continue;
    }
    p += ctz(special);
    const byte = load<u8>(p);
    if (byte == QUOTE) return p < end ? p : 0;
    if (byte != BACKSLASH || !isShortEscape(load<u8>(p, 1))) return 0;
    p += 2;
  }
  return 0;
}
