import { MIN_SAMPLES } from "../measure/latency-histogram.ts";
import type { LatencySummary } from "../sweep/model.ts";

export type PercentileName = keyof typeof MIN_SAMPLES;
export const PERCENTILES: readonly PercentileName[] = ["p50", "p90", "p99", "p999"];
export const PERCENTILE_LABEL: Readonly<Record<PercentileName, string>> = {
  p50: "p50",
  p90: "p90",
  p99: "p99",
  p999: "p99.9",
};

const NOT_MEASURED = "–";

/** Three significant digits, no exponent: 0.123, 4.56, 78.9, 1,234. */
export function significant(value: number): string {
  if (value === 0) return "0";
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
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

export function bytes(count: number): string {
  const [scale, unit] = count >= 2 ** 30 ? [2 ** 30, "GiB"] : [2 ** 20, "MiB"];
  return `${significant(count / scale)} ${unit}`;
}

export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
