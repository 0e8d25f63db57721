import { shown } from "./shown.ts";

/**
 * Quantities with units, as configs write them. Rates become events per second, durations milliseconds (whole microseconds),
 * sizes bytes. `format…` gives the shortest text that parses back to the same number.
 */

/** Parsed value, or why the text is none. */
export type Parsed =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly message: string; readonly hint: string };

const NUMBER = "(\\d+(?:\\.\\d+)?)";

const RATE_PREFIXES: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9 };
const RATE_PERIODS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 };
const RATE = new RegExp(`^${NUMBER}\\s*([kMG]?)/(s|min|h)$`);

/** Microseconds of one unit, from long to short. Read, too, but never written: `m` for `min`, `µs` for `us`. */
const DURATION_UNITS: readonly (readonly [string, number])[] = [
  ["h", 3_600_000_000],
  ["min", 60_000_000],
  ["s", 1_000_000],
  ["ms", 1_000],
  ["us", 1],
];
/** `min` and `ms` before `m`, which would be taken from them. */
const DURATION_UNIT = "(h|min|ms|m|us|µs|s)";
const DURATION_ALIASES: Readonly<Record<string, string>> = { m: "min", µs: "us" };
const DURATION_PART = new RegExp(`${NUMBER}\\s*${DURATION_UNIT}`, "g");

const SIZE_UNITS: readonly (readonly [string, number])[] = [
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
  ["B", 1],
];
const SIZE = new RegExp(`^${NUMBER}\\s*(GiB|MiB|KiB|GB|MB|kB|B|[kmgKMG])$`);

export type Quantity = "rate" | "duration" | "size";

/** What the parsers below read, as regular expressions for editors (JSON Schema). */
export const QUANTITY_PATTERNS: Readonly<Record<Quantity, string>> = {
  rate: RATE.source,
  duration: `^(0|(${NUMBER}\\s*${DURATION_UNIT}\\s*)+)$`,
  size: SIZE.source,
};

const failure = (message: string, hint: string): Parsed => ({ ok: false, message, hint });

function wrongType(input: unknown, what: string, example: string): Parsed {
  const hint = typeof input === "number" ? `add the unit, for example ${example}` : `for example ${example}`;
  return failure(`expected ${what}, found ${shown(input)}`, hint);
}

/** `50k/s`, `2.5M/s`, `600/min` → events per second. */
export function parseRate(input: unknown): Parsed {
  if (typeof input !== "string")
    return wrongType(input, "a rate", `${typeof input === "number" && input > 0 ? input : "50k"}/s`);
  const match = RATE.exec(input.trim());
  if (match === null) return failure(`${shown(input)} is not a rate`, "write it like 500/s, 50k/s, 1.5M/s or 600/min");
  const value = (Number(match[1]) * RATE_PREFIXES[match[2]!]!) / RATE_PERIODS[match[3]!]!;
  return { ok: true, value };
}

/** `10s`, `250ms`, `1min30s` (or `1m30s`), `500us` → milliseconds; nothing finer than a microsecond. A bare `0` needs no unit. */
export function parseDuration(input: unknown): Parsed {
  if (input === 0 || input === "0") return { ok: true, value: 0 };
  if (typeof input !== "string") {
    return wrongType(input, "a duration", `${typeof input === "number" ? input : 10}s`);
  }
  const text = input.trim();
  let us = 0;
  let rest = text;
  for (const match of text.matchAll(DURATION_PART)) {
    if (!rest.startsWith(match[0])) break;
    rest = rest.slice(match[0].length).trimStart();
    const unit = DURATION_ALIASES[match[2]!] ?? match[2]!;
    us += Number(match[1]) * DURATION_UNITS.find(([name]) => name === unit)![1];
  }
  if (text === "" || rest !== "") {
    return failure(`${shown(input)} is not a duration`, "write it like 500us, 250ms, 10s, 1min30s (or 1m30s) or 2h");
  }
  const rounded = Math.round(us);
  if (Math.abs(us - rounded) > 1e-6 * Math.max(1, us)) {
    return failure(`${shown(input)} is finer than a microsecond`, "use whole microseconds (us)");
  }
  return { ok: true, value: rounded / 1000 };
}

/** `64KiB`, `1GB`, `512B`, or as Java writes it `1g` → bytes. */
export function parseSize(input: unknown): Parsed {
  if (typeof input !== "string")
    return wrongType(input, "a size", `${typeof input === "number" ? `${input}B` : "64KiB"}`);
  const match = SIZE.exec(input.trim());
  if (match === null) return failure(`${shown(input)} is not a size`, "write it like 512B, 64KiB, 1MiB or 2GB");
  const unit = match[2]!;
  const java = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[unit.toLowerCase()];
  const factor = java ?? SIZE_UNITS.find(([name]) => name === unit)![1];
  const bytes = Number(match[1]) * factor;
  if (!Number.isInteger(bytes)) return failure(`${shown(input)} is not a whole number of bytes`, "use a smaller unit");
  return { ok: true, value: bytes };
}

/** Events per second → `50k/s`. */
export function formatRate(perSecond: number): string {
  for (const [prefix, factor] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const) {
    const scaled = perSecond / factor;
    if (scaled >= 1 && scaled * factor === perSecond && String(scaled).length <= 6) return `${scaled}${prefix}/s`;
  }
  return `${plain(perSecond)}/s`;
}

/** Milliseconds → `1min30s`, `250ms`, `500us`. */
export function formatDuration(ms: number): string {
  let us = Math.round(ms * 1000);
  if (us === 0) return "0s";
  let text = "";
  for (const [unit, factor] of DURATION_UNITS) {
    const whole = Math.floor(us / factor);
    if (whole === 0) continue;
    text += `${plain(whole)}${unit}`;
    us -= whole * factor;
  }
  return text;
}

/** Bytes → `64KiB`. */
export function formatSize(bytes: number): string {
  const [unit, factor] = SIZE_UNITS.find(([, f]) => bytes >= f && bytes % f === 0) ?? ["B", 1];
  return `${plain(bytes / factor)}${unit}`;
}

/** A number without exponent, which the parsers would not read. */
function plain(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 20 }) : text;
}
