// AssemblyScript. Fixed texts by number, in the order of texts.ts, and the smallest steps of writing.

import { TEXTS } from "./layout";

// Numbers of texts.
export const PERSON_ID: i32 = 0;
export const NAME: i32 = 1;
export const EMAIL: i32 = 2;
export const CARD: i32 = 3;
export const CITY: i32 = 4;
export const STATE: i32 = 5;
export const TIME_AFTER_TEXT: i32 = 6;
export const PERSON_END: i32 = 7;
export const AUCTION_ID: i32 = 8;
export const ITEM_NAME: i32 = 9;
export const DESCRIPTION: i32 = 10;
export const INITIAL_BID: i32 = 11;
export const RESERVE: i32 = 12;
export const TIME: i32 = 13;
export const EXPIRES: i32 = 14;
export const SELLER: i32 = 15;
export const CATEGORY: i32 = 16;
export const AUCTION_END: i32 = 17;
export const BID_AUCTION: i32 = 18;
export const BIDDER: i32 = 19;
export const PRICE: i32 = 20;
export const BID_END: i32 = 21;
export const EXTRA: i32 = 22;
export const FIRST_NAMES: i32 = 23;
export const LAST_NAMES: i32 = FIRST_NAMES + 11;
export const CITIES: i32 = LAST_NAMES + 9;
export const STATES: i32 = CITIES + 10;

/** Copies in blocks of 16, so it writes up to 15 bytes more than it is asked to; returns the end. */
@inline
export function copy(target: usize, source: usize, length: usize): usize {
  for (let i: usize = 0; i < length; i += 16) v128.store(target + i, v128.load(source + i));
  return target + length;
}

@inline
export function textLength(text: i32): i32 {
  return load<i32>(load<usize>(TEXTS) + (<usize>text << 3), 4);
}

@inline
export function writeText(target: usize, text: i32): usize {
  const entry = load<usize>(TEXTS) + (<usize>text << 3);
  return copy(target, load<usize>(entry), load<usize>(entry, 4));
}

/** Copies what lies between the addresses at `span`. */
@inline
export function writeSpan(target: usize, span: usize): usize {
  const start = load<usize>(span);
  return copy(target, start, load<usize>(span, 8) - start);
}

/** The 8 digits of `value` < 10^8 as bytes 0 .. 9, the first in the lowest byte: three times halved, all parts at once. */
@inline
function digits8(value: u32): u64 {
  const high = value / 10000;
  const fours = <u64>high | (<u64>(value - high * 10000) << 32);
  const hundreds = ((fours * 10486) >> 20) & 0x7f0000007f;
  const twos = hundreds | ((fours - hundreds * 100) << 16);
  const tens = ((twos * 103) >> 10) & 0xf000f000f000f;
  return tens | ((twos - tens * 10) << 8);
}

const ZEROS: u64 = 0x3030303030303030;

/** Writes a whole number of at least 0, and up to 8 bytes more; returns the end. */
@inline
export function writeNumber(target: usize, value: i64): usize {
  return value < 100000000 ? writeSmall(target, <u32>value) : writeLarge(target, value);
}

@inline
function writeSmall(target: usize, value: u32): usize {
  const digits = digits8(value);
  const leading = ctz(digits | ((<u64>1) << 56)) & ~7;
  store<u64>(target, (digits | ZEROS) >> leading);
  return target + 8 - <usize>(leading >> 3);
}

function writeLarge(target: usize, value: i64): usize {
  const high = value / 100000000;
  const end = writeNumber(target, high);
  store<u64>(end, digits8(<u32>(value - high * 100000000)) | ZEROS);
  return end + 8;
}

/** Writes `value` < 10^4 with leading zeros. */
@inline
export function writeFourDigits(target: usize, value: i32): usize {
  store<u32>(target, <u32>((digits8(<u32>value) | ZEROS) >> 32));
  return target + 4;
}
