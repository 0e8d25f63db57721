/**
 * The observation log, `raw/<run>/observations.bin`: one fixed record of 40 bytes, little endian, for every output record
 * that the observer read, in the order of reading.
 *
 * | offset | type | content |
 * |---|---|---|
 * | 0 | f64 | observed, monotonic µs |
 * | 8 | u32 × 2 | hash of the name columns (high, low) |
 * | 16 | u32 × 2 | hash of all columns (high, low) |
 * | 24 | f64 | offset in the output partition |
 * | 32 | u32 | log-append time, ms since the run's `startWallMs` (clamped at 0 and 2^32 − 1) |
 * | 36 | u16 | output partition |
 * | 38 | u8 | isolation level: 0 read_uncommitted, 1 read_committed |
 * | 39 | u8 | flags: bit 0 = not decodable as a row of the query |
 */
export const OBSERVATION_BYTES = 40;
export const FLAG_UNDECODABLE = 1;

export interface Observation {
  observedUs: number;
  nameHigh: number;
  nameLow: number;
  contentHigh: number;
  contentLow: number;
  offset: number;
  appendMs: number;
  partition: number;
  isolation: 0 | 1;
  flags: number;
}

export function writeObservation(view: DataView, at: number, o: Observation): void {
  view.setFloat64(at, o.observedUs, true);
  view.setUint32(at + 8, o.nameHigh, true);
  view.setUint32(at + 12, o.nameLow, true);
  view.setUint32(at + 16, o.contentHigh, true);
  view.setUint32(at + 20, o.contentLow, true);
  view.setFloat64(at + 24, o.offset, true);
  view.setUint32(at + 32, Math.min(Math.max(o.appendMs, 0), 0xffffffff), true);
  view.setUint16(at + 36, o.partition, true);
  view.setUint8(at + 38, o.isolation);
  view.setUint8(at + 39, o.flags);
}

/** Reads the record at `at` into `into` and returns it. */
export function readObservation(view: DataView, at: number, into: Observation): Observation {
  into.observedUs = view.getFloat64(at, true);
  into.nameHigh = view.getUint32(at + 8, true);
  into.nameLow = view.getUint32(at + 12, true);
  into.contentHigh = view.getUint32(at + 16, true);
  into.contentLow = view.getUint32(at + 20, true);
  into.offset = view.getFloat64(at + 24, true);
  into.appendMs = view.getUint32(at + 32, true);
  into.partition = view.getUint16(at + 36, true);
  into.isolation = view.getUint8(at + 38) === 1 ? 1 : 0;
  into.flags = view.getUint8(at + 39);
  return into;
}
