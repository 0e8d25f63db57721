import { MIN_SAMPLES } from "../measure/latency-histogram.ts";
import type { LatencySummary, RunResult, VerifySummary } from "../sweep/model.ts";

export type PercentileName = keyof typeof MIN_SAMPLES;
export const PERCENTILES: readonly PercentileName[] = ["p50", "p90", "p99", "p999"];
export const PERCENTILE_LABEL: Readonly<Record<PercentileName, string>> = {
  p50: "p50",
  p90: "p90",
  p99: "p99",
  p999: "p99.9",
};

export const NOT_MEASURED = "–";

/** Three significant digits, no exponent: 0.123, 4.56, 78.9, 1,234. */
export function significant(value: number): string {
  if (value === 0) return "0";
  // Rounded before the digits are counted: 9.998 is 10.0, not 10.00.
  const rounded = Number(value.toPrecision(3));
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded))));
  return grouped(value.toFixed(Math.min(places, 6)));
}

/** Thousands separated by commas. */
export function integer(value: number): string {
  return grouped(Math.round(value).toString());
}

function grouped(text: string): string {
  const [whole, fraction] = text.split(".");
  const separated = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}

export function latencyMs(us: number | null): string {
  return us === null ? NOT_MEASURED : `${significant(us / 1000)} ms`;
}

/** A percentile, or why there is none. */
export function percentileText(summary: LatencySummary, name: PercentileName): string {
  const value = summary[name];
  if (value !== null) return latencyMs(value);
  return summary.n < MIN_SAMPLES[name] ? `n too small (n=${integer(summary.n)})` : NOT_MEASURED;
}

export function rate(perSecond: number | null, unit = "/s"): string {
  if (perSecond === null) return NOT_MEASURED;
  return `${perSecond >= 1000 ? integer(perSecond) : significant(perSecond)}${unit}`;
}

/** A rate short enough for a label: 10k/s, 1.5M/s. */
export function shortRate(perSecond: number | null): string {
  if (perSecond === null) return NOT_MEASURED;
  const [scale, unit] = perSecond >= 1e6 ? [1e6, "M"] : perSecond >= 1e3 ? [1e3, "k"] : [1, ""];
  return `${Number((perSecond / scale).toPrecision(3))}${unit}/s`;
}

/** The unit in which so many bytes are told. */
export function byteUnit(count: number): { readonly scale: number; readonly unit: string } {
  if (count >= 2 ** 30) return { scale: 2 ** 30, unit: "GiB" };
  return count >= 2 ** 20 ? { scale: 2 ** 20, unit: "MiB" } : { scale: 2 ** 10, unit: "KiB" };
}

export function bytes(count: number): string {
  const { scale, unit } = byteUnit(count);
  return `${significant(count / scale)} ${unit}`;
}

/** A length of time: milliseconds below a second, seconds from there on; three digits. */
export function length(ms: number): string {
  return Math.abs(ms) < 1000 ? `${significant(ms)} ms` : `${significant(ms / 1000)} s`;
}

/** A moment of a run, to the millisecond. */
export function moment(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}

export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}

/** `7,998 of 8,000 outputs, 2 lost (1 of them replaced by wrong rows), 0 duplicate, 1 wrong`; further kinds only where there are any. */
export function verifiedText(verified: VerifySummary, replayed = false): string {
  const { matched, expected, lost, replaced = 0, duplicate, wrong, unexpected, premature, outOfOrder } = verified;
  const more = [
    [unexpected, "unexpected"],
    [premature, "premature"],
    [outOfOrder, "out of order"],
  ] as const;
  const rest = more.flatMap(([count, name]) => (count > 0 ? [`, ${integer(count)} ${name}`] : []));
  const note = replayed && duplicate > 0 ? " (replayed after a fault)" : "";
  const share = replaced === lost ? "" : `${integer(replaced)} of them `;
  const instead = replaced > 0 ? ` (${share}replaced by wrong rows)` : "";
  const counts = `${integer(lost)} lost${instead}, ${integer(duplicate)} duplicate${note}, ${integer(wrong)} wrong`;
  return `${integer(matched)} of ${integer(expected)} outputs, ${counts}${rest.join("")}`;
}

/** All duplicates of these runs are copies that a fault explains. */
export function onlyReplays(results: readonly Pick<RunResult, "verified" | "faults" | "reasons">[]): boolean {
  return results.every(({ verified, faults, reasons }) => {
    if (verified === null || verified.duplicate === 0) return true;
    const struck = faults?.some(({ observedMs, effect }) => observedMs !== null && effect !== null) === true;
    return struck && !reasons.some(({ code }) => code === "guarantee-violated");
  });
}

/** The view that the guarantee speaks of: of exactly-once what readers of committed data saw, else what everybody saw. */
export function promisedView({ committed, verified }: Pick<RunResult, "committed" | "verified">): VerifySummary | null {
  return committed === undefined ? verified : committed.verified;
}

/** All checked outputs together; null when no run was checked. */
export function sumVerified(results: readonly { readonly verified: VerifySummary | null }[]): VerifySummary | null {
  const checked = results.flatMap(({ verified }) => (verified === null ? [] : [verified]));
  if (checked.length === 0) return null;
  const total = (pick: (v: VerifySummary) => number) => checked.reduce((so, v) => so + pick(v), 0);
  return {
    expected: total((v) => v.expected),
    observed: total((v) => v.observed),
    matched: total((v) => v.matched),
    lost: total((v) => v.lost),
    replaced: total((v) => v.replaced ?? 0),
    duplicate: total((v) => v.duplicate),
    wrong: total((v) => v.wrong),
    unexpected: total((v) => v.unexpected),
    premature: total((v) => v.premature),
    outOfOrder: total((v) => v.outOfOrder),
  };
}

/** The value of a sweep's axis, as short as it can be told: `5s`, `kill worker/1`. */
export function axisText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(axisText).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  const { kind, target, name } = value as Readonly<Record<string, unknown>>;
  if (typeof kind === "string") return target === undefined ? kind : `${kind} ${axisText(target)}`;
  return typeof name === "string" ? name : JSON.stringify(value);
}
