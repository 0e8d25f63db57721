import type { RowSchema } from "./schema.ts";

/**
 * Binary rows, as they travel between tasks. Little endian, unaligned, one after another:
 *
 *     u32 bytes of the row, this number included    (a row can be skipped unread)
 *     f64 event time, ms
 *     u8  row kind
 *     null bits, one a field, lowest bit of the first byte = field 0
 *     one slot of 8 bytes a field: f64, or u32 offset from the row's start + u32 length of a string
 *     string bytes
 */
export interface BinaryLayout {
  readonly fieldCount: number;
  readonly nullBytes: number;
  /** Where the slots begin. */
  readonly slotsAt: number;
  /** Bytes of a row without its strings. */
  readonly fixedBytes: number;
}

export const EVENT_TIME_AT = 4;
export const KIND_AT = 12;
export const NULL_BITS_AT = 13;
export const SLOT_BYTES = 8;

export function binaryLayout(schema: RowSchema): BinaryLayout {
  const fieldCount = schema.fields.length;
  const nullBytes = (fieldCount + 7) >> 3;
  const slotsAt = NULL_BITS_AT + nullBytes;
  return {
    fieldCount,
    nullBytes,
    slotsAt,
    fixedBytes: slotsAt + fieldCount * SLOT_BYTES,
  };
}

/** Bytes of the row that begins at `at`, of a payload that is known to be whole. */
export function rowBytes(view: DataView, at: number): number {
  return view.getUint32(at, true);
}
