import type { ColumnSpec, ColumnType, Value } from "../../queries/query.ts";
import { thousandths } from "./canonical.ts";

const DECIMAL_TEXT = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const TIMESTAMP_TEXT = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z?$/;

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The typed values of one output record given as JSON text, columns in the order of `columns`; null when it is no row of
 * them: not JSON, no object, a column missing or too many, a value of another type. Engines may format as they like:
 * any key order and white space, escapes, `90.8` or `90.800` or `"90.800"`, timestamps as epoch ms or as ISO or SQL text (UTC).
 */
export function parseRow(columns: readonly ColumnSpec[], text: string): Value[] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null; // not JSON: the caller flags the record
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null;
  const record = flat(columns, parsed as JsonObject);
  if (record === null) return null;
  if (Object.keys(record).length !== columns.length) return null;
  const values: Value[] = [];
  for (const { name, type } of columns) {
    if (!Object.hasOwn(record, name)) return null;
    const value = typedValue(type, record[name]);
    if (value === undefined) return null;
    values.push(value);
  }
  return values;
}

/** Names of `columns` that an object lacks, and of its members that are no columns; null when `text` is no JSON object. */
export function columnDifference(
  columns: readonly ColumnSpec[],
  text: string,
): { readonly missing: readonly string[]; readonly extra: readonly string[] } | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null; // not JSON, which is plain to see
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null;
  const record = flat(columns, parsed as JsonObject);
  if (record === null) return null;
  const names = columns.map(({ name }) => name);
  return {
    missing: names.filter((name) => !Object.hasOwn(record, name)),
    extra: Object.keys(record).filter((name) => !names.includes(name)),
  };
}

/** The record with the objects that dotted columns lead into spread out: `{"a":{"b":1}}` as `{"a.b":1}`; null when one is no object. */
function flat(columns: readonly ColumnSpec[], record: JsonObject): JsonObject | null {
  const parents = new Set(
    columns.flatMap(({ name }) => (name.includes(".") ? [name.slice(0, name.indexOf("."))] : [])),
  );
  if (parents.size === 0) return record;
  const spread: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    if (!parents.has(name)) spread[name] = value;
    else {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
      for (const [member, inner] of Object.entries(value)) spread[`${name}.${member}`] = inner;
    }
  }
  return spread;
}

/** `raw` as a value of `type`, or undefined when it is none. */
function typedValue(type: ColumnType, raw: unknown): Value | undefined {
  if (raw === null) return null;
  switch (type) {
    case "string":
      return typeof raw === "string" ? raw : undefined;
    case "i64":
      return typeof raw === "number" && Number.isSafeInteger(raw) ? raw : undefined;
    case "decimal3":
      return decimalValue(raw);
    case "json":
      return JSON.stringify(raw);
    case "timestamp":
      if (typeof raw === "number") return Number.isSafeInteger(raw) ? raw : undefined;
      return typeof raw === "string" ? timestampValue(raw) : undefined;
  }
}

function decimalValue(raw: unknown): number | undefined {
  const value = typeof raw === "string" && DECIMAL_TEXT.test(raw) ? Number(raw) : raw;
  return typeof value === "number" && thousandths(value) !== null ? value : undefined;
}

function timestampValue(text: string): number | undefined {
  const match = TIMESTAMP_TEXT.exec(text);
  if (match === null) return undefined;
  const fraction = match[3] ?? "";
  if (/[1-9]/.test(fraction.slice(3))) return undefined; // finer than TIMESTAMP(3)
  const ms = Date.parse(`${match[1]}T${match[2]}.${fraction.slice(0, 3).padEnd(3, "0")}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
