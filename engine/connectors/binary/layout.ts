import { assert } from "../../../base/assert.ts";
import { hash64, lastHash } from "../../../base/hash.ts";
import type { FieldType } from "../../rows/schema.ts";

/** First byte of every record: no byte of UTF-8 text, and the version in its low three bits. */
export const MAGIC = 0xf8;
export const VERSION = 1;
/** Magic and version, variant, schema hash. */
export const HEAD_BYTES = 4;

export interface LayoutField {
  readonly name: string;
  readonly type: FieldType;
}

/** A kind of record in a stream. */
export interface LayoutVariant {
  readonly name: string;
  /** 0 … 255 */
  readonly tag: number;
  readonly fields: readonly LayoutField[];
}

/** Where things lie in the records of a variant (docs/decisions/0011-binary-wire-format.md). Offsets are in bytes from the record's begin. */
export interface RecordLayout {
  readonly tag: number;
  readonly fields: readonly LayoutField[];
  readonly flagBytes: number;
  /** Bits of the last byte of flags that belong to no field. */
  readonly unusedFlags: number;
  /** By field: place of the number, or of the string's end in the table of ends. */
  readonly places: readonly number[];
  /** Place of the table of ends. */
  readonly endsAt: number;
  readonly stringCount: number;
  /** Where the strings begin: length of a record without any. */
  readonly fixedBytes: number;
}

/** The layout of a variant's records. */
export function recordLayout({ tag, fields }: Pick<LayoutVariant, "tag" | "fields">): RecordLayout {
  assert(Number.isInteger(tag) && tag >= 0 && tag <= 255, "a tag is one byte", { tag });
  const flagBytes = Math.ceil(fields.length / 8);
  const stringCount = fields.filter(({ type }) => type === "string").length;
  const endsAt = HEAD_BYTES + flagBytes + 8 * (fields.length - stringCount);
  const used = fields.length % 8;
  let number = HEAD_BYTES + flagBytes;
  let end = endsAt;
  const places = fields.map(({ type }) => {
    const place = type === "string" ? end : number;
    if (type === "string") end += 4;
    else number += 8;
    return place;
  });
  const unusedFlags = used === 0 ? 0 : (0xff << used) & 0xff;
  return { tag, fields, flagBytes, unusedFlags, places, endsAt, stringCount, fixedBytes: end };
}

const KINDS: Readonly<Record<FieldType, string>> = {
  i64: "integer",
  timestamp: "integer",
  f64: "double",
  decimal3: "decimal3",
  string: "string",
};

/** What the schema hash is taken of. */
export function schemaText(variants: readonly LayoutVariant[]): string {
  return variants
    .map(({ name, tag, fields }) => `${name}=${tag}(${fields.map((f) => `${f.name}:${KINDS[f.type]}`).join(",")})`)
    .join("|");
}

/** The schema hash of a stream's records, 16 bits. */
export function schemaHash(variants: readonly LayoutVariant[]): number {
  const text = new TextEncoder().encode(schemaText(variants));
  hash64(text, 0, text.length);
  return lastHash.low & 0xffff;
}

/** Rows of one schema as the only variant of their stream: output records. */
export function rowVariant(fields: readonly LayoutField[]): LayoutVariant {
  return { name: "row", tag: 0, fields };
}

/** The first four bytes of a variant's records as a little-endian integer, unsigned. */
export function headOf(hash: number, tag: number): number {
  return ((hash << 16) | (tag << 8) | MAGIC | VERSION) >>> 0;
}
