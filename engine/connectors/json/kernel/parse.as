// AssemblyScript. Records to columns, driven by a table (parse-program.ts writes it): one list of steps for every variant of a record.
// Strict: what is not exactly in the documented form is left to the caller, record by record.

import { digitCount, digitsValue, hasLiteral, stringEnd } from "./scan";

/** Most digits that surely fit 2^53. */
const MAX_DIGITS: i32 = 15;
const ZERO: u8 = 0x30;

// Kinds of steps.
const END: i32 = 0;
const NUMBER: i32 = 1;
const STRING: i32 = 2;
const STEP_BYTES: usize = 40;

// Flags of steps.
const OPTIONAL: i32 = 1;
const EVENT_TIME: i32 = 2;

/** Event time of the record that `readRecord` has read. */
let eventTimeMs: f64 = 0;

/** Reads the record in [at, end) by the steps at `steps` into row `row`. false: not in this form; what is in the row then means nothing. */
@inline
function readRecord(at: usize, end: usize, steps: usize, row: usize): bool {
  let p = at;
  for (let step = steps; ; step += STEP_BYTES) {
    const length = load<i32>(step, 4);
    const flags = load<i32>(step, 20);
    const second = load<usize>(step, 16);
    if (!hasLiteral(p, load<usize>(step), length)) {
      if (!(flags & OPTIONAL)) return false;
      if (second != 0) store<i32>(second + (row << 2), -1);
      continue;
    }
    p += length;
    const kind = load<i32>(step, 8);
    if (kind == END) return p == end;
    const first = load<usize>(step, 12);
    if (kind == STRING) {
      const close = stringEnd(p, end);
      if (close == 0) return false;
      if (first != 0) {
        store<i32>(first + (row << 2), <i32>p);
        store<i32>(second + (row << 2), <i32>(close - p));
      }
      p = close + 1;
      continue;
    }
    const digits = digitCount(p);
    if (digits == 0 || digits > MAX_DIGITS || (digits > 1 && load<u8>(p) == ZERO)) return false;
    if (first != 0 || flags & EVENT_TIME) {
      const value = digitsValue(p, digits);
      if (flags & EVENT_TIME) eventTimeMs = value;
      if (first != 0) store<f64>(first + (row << 3), value * load<f64>(step, 24));
    }
    p += digits;
  }
  return false;
}

/** Sets the columns that other variants' records hold to NULL: pairs (values, flags) of numeric ones, (lengths, 0) of strings. */
@inline
function setAbsent(list: usize, count: i32, row: usize): void {
  for (let i = 0; i < count; i++) {
    const column = load<usize>(list + (<usize>i << 3));
    const flags = load<usize>(list + (<usize>i << 3), 4);
    if (flags == 0) store<i32>(column + (row << 2), -1);
    else {
      store<f64>(column + (row << 3), 0);
      store<u8>(flags + row, 1);
    }
  }
}

// Header of the program: where the digit that tells the variant stands in a record (−1: there is one variant only), the columns of the
// digit and of event times, then the addresses of the variants by digit, 0 for none. A variant: is a row of it wanted, list and number
// of its absent columns, then its steps.
const VARIANTS: usize = 16;
const VARIANT_STEPS: usize = 16;

/**
 * Reads the records [first, count) whose places are in `starts` and `ends` (plus `shift`) into the rows from `row` on. Writes to `result`
 * (f64 each) how many rows there are then and the largest of the event time there and those read. Returns the first record that it could
 * not read, `count` when it could read all.
 */
export function parse(
  program: usize,
  starts: usize,
  ends: usize,
  shift: i32,
  first: i32,
  count: i32,
  row: i32,
  result: usize,
): i32 {
  const tagAt = load<i32>(program);
  const tags = load<usize>(program, 4);
  const times = load<usize>(program, 8);
  let latestMs = load<f64>(result, 8);
  let next = <usize>row;
  let index = first;
  for (; index < count; index++) {
    const start = load<i32>(starts + (<usize>index << 2));
    if (start < 0) break;
    const at = <usize>(start + shift);
    const end = <usize>(load<i32>(ends + (<usize>index << 2)) + shift);
    const tag: usize = tagAt < 0 ? 0 : load<u8>(at + <usize>tagAt) - ZERO;
    if (tag > 9) break;
    const variant = load<usize>(program + VARIANTS + (tag << 2));
    if (variant == 0 || !readRecord(at, end, variant + VARIANT_STEPS, next)) break;
    latestMs = max(latestMs, eventTimeMs);
    if (load<i32>(variant) == 0) continue;
    setAbsent(load<usize>(variant, 4), load<i32>(variant, 8), next);
    if (tags != 0) store<f64>(tags + (next << 3), <f64>tag);
    store<f64>(times + (next << 3), eventTimeMs);
    next += 1;
  }
  store<f64>(result, <f64>next);
  store<f64>(result, latestMs, 8);
  return index;
}
