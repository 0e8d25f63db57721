import { existsSync, readFileSync } from "node:fs";
import { decodeFromCompressedBase64, initWebAssemblySync } from "hdr-histogram-js";
import { LatencyHistogram, SIGNIFICANT_DIGITS } from "../measure/latency-histogram.ts";
import type { LatencySummary } from "../sweep/model.ts";
import type { MeasuredWindow } from "./window.ts";

/** One interval of the feeder's own histogram log, by the time of sending; seconds from the first due time. */
export interface LagInterval {
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** Nothing was sent in it after this: the last interval also waits for acknowledgements. */
  readonly sentUntilSeconds: number;
  /** Events sent in it. */
  readonly count: number;
  readonly maxUs: number;
  readonly encoded: string;
}

/**
 * `raw/<run>/generator-lag.hlog`, [] when there is none. Lines that are torn are left out.
 * `lastDueSeconds`: when the last event was due; nothing was sent later than that plus an interval's greatest lag.
 */
export function readLagLog(file: string, lastDueSeconds: number): readonly LagInterval[] {
  if (!existsSync(file)) return [];
  initWebAssemblySync();
  const lines = readFileSync(file, "latin1").split("\n").slice(0, -1);
  return lines.flatMap((line) => {
    const fields = /^Tag=generator-lag,([\d.]+),([\d.]+),[\d.]+,(\S+)$/.exec(line);
    if (fields === null) return [];
    const [startSeconds, seconds, encoded] = [Number(fields[1]), Number(fields[2]), fields[3]!];
    const histogram = decodeFromCompressedBase64(encoded, 32, true);
    const [count, maxUs] = [histogram.totalCount, histogram.totalCount === 0 ? 0 : histogram.maxValue];
    histogram.destroy();
    const endSeconds = startSeconds + seconds;
    const sentUntilSeconds = Math.max(startSeconds, Math.min(endSeconds, lastDueSeconds + maxUs / 1e6));
    return [{ startSeconds, endSeconds, sentUntilSeconds, count, maxUs, encoded }];
  });
}

/** The logs of several feeders as one: their intervals overlap, and whatever is counted of them adds up exactly. */
export function readLagLogs(files: readonly string[], lastDueSeconds: number): readonly LagInterval[] {
  const intervals = files.flatMap((file) => readLagLog(file, lastDueSeconds));
  return files.length === 1 ? intervals : intervals.sort((a, b) => a.startSeconds - b.startSeconds);
}

/** Lag over the intervals that lie mostly in the measured window. */
export function lagInWindow(log: readonly LagInterval[], startUs: number, window: MeasuredWindow): LatencySummary {
  const sum = new LatencyHistogram();
  for (const { startSeconds, endSeconds, maxUs, encoded, count } of log) {
    const middleUs = startUs + ((startSeconds + endSeconds) / 2) * 1e6;
    if (count === 0 || middleUs < window.fromUs || middleUs >= window.toUs) continue;
    sum.addFrozen({ encoded, digits: SIGNIFICANT_DIGITS, negative: 0, overflow: 0, min: 0, max: maxUs });
  }
  const summary = sum.summary();
  sum.destroy();
  return summary;
}

/** Events sent from `fromSeconds` to `toSeconds`; an interval that lies only partly in it counts by its share of time. */
export function sentBetween(log: readonly LagInterval[], fromSeconds: number, toSeconds: number): number {
  let sent = 0;
  for (const { startSeconds, sentUntilSeconds, count } of log) {
    const overlap = Math.min(sentUntilSeconds, toSeconds) - Math.max(startSeconds, fromSeconds);
    if (overlap > 0) sent += (count * overlap) / (sentUntilSeconds - startSeconds);
  }
  return sent;
}
