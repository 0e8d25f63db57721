import type { FieldType } from "../../rows/schema.ts";
import type { WireFormat, WireVariant } from "./wire-format.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

type JsonObject = Readonly<Record<string, unknown>>;

/** Value of a column: a number as columns hold it (decimals in thousandths), a string, or NULL. */
type ColumnValue = number | string | null;

/** A record read by `JSON.parse`. */
export interface ParsedRecord {
  readonly variant: WireVariant;
  readonly eventTimeMs: number;
  /** By the name of the variant's field. */
  readonly values: ReadonlyMap<string, ColumnValue>;
}

/**
 * Reads a record of any spelling: white space, other order of fields, escapes, fields that the format does not know. null when it is
 * not JSON in UTF-8, or a field is missing or of another type.
 */
export function parseRecord(format: WireFormat, bytes: Uint8Array): ParsedRecord | null {
  const record = parseObject(bytes);
  if (record === null) return null;
  const variant = variantOf(format, record);
  if (variant === undefined) return null;
  const holder = variant.member === null ? record : asObject(own(record, variant.member));
  if (holder === null) return null;
  const values = new Map<string, ColumnValue>();
  for (const { name, type, optional } of variant.fields) {
    const raw = own(holder, name);
    const value = raw === undefined && optional === true ? null : columnValue(raw, type);
    if (value === undefined) return null;
    values.set(name, value);
  }
  const eventTimeMs = values.get(variant.eventTime);
  return typeof eventTimeMs === "number" ? { variant, eventTimeMs, values } : null;
}

function parseObject(bytes: Uint8Array): JsonObject | null {
  try {
    return asObject(JSON.parse(decoder.decode(bytes)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null; // not JSON, not UTF-8: the caller counts it
    throw error;
  }
}

function asObject(value: unknown): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function variantOf({ discriminator, variants }: WireFormat, record: JsonObject): WireVariant | undefined {
  if (discriminator === null) return variants[0];
  const tag = own(record, discriminator);
  return variants.find((variant) => variant.tag === tag);
}

/** The value as a column of `type` holds it; undefined when it is of another type. */
function columnValue(raw: unknown, type: FieldType): ColumnValue | undefined {
  if (raw === null) return null;
  if (type === "string") return typeof raw === "string" ? raw : undefined;
  if (typeof raw !== "number" || !Number.isFinite(raw)) return undefined;
  const value = raw + 0; // −0 becomes 0
  if (type === "f64") return value;
  if (type !== "decimal3") return Number.isSafeInteger(value) ? value : undefined;
  const thousandths = Math.round(value * 1000) + 0;
  return Number.isSafeInteger(thousandths) && thousandths / 1000 === value ? thousandths : undefined;
}
