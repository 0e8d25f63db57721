import type { RunAnalysis } from "../analyze/analyze-run.ts";
import { TAGS } from "../analyze/run-recorder.ts";

/**
 * Whole interval histograms of a run as a HdrHistogram log, format 1.3, values in µs, readable by existing viewers.
 * Interval times are seconds from the first due time (`BaseTime` 0 is that moment; `StartTime` says when it was).
 * Negative and too large values do not fit a histogram; comments count them.
 */
export function histogramLog({ record, intervals, lagLog }: RunAnalysis): string {
  const startSeconds = (record.startUs - record.clockOffsetUs.start) / 1e6;
  const lines = [
    `#[Histogram log of run ${record.run.id}; values in microseconds]`,
    "#[Histogram log format version 1.3]",
    `#[StartTime: ${startSeconds.toFixed(3)} (seconds since epoch)]`,
    `#[BaseTime: ${startSeconds.toFixed(3)} (seconds since epoch)]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
  ];
  for (const tag of TAGS) {
    for (const { index, max, negative, overflow, encoded } of intervals[tag]) {
      if (negative > 0) lines.push(`#${tag} second ${index}: ${negative} negative values`);
      if (overflow > 0) lines.push(`#${tag} second ${index}: ${overflow} values above 1 h`);
      lines.push(`Tag=${tag},${index.toFixed(3)},1.000,${(max / 1000).toFixed(3)},${encoded}`);
    }
  }
  if (intervals["generator-lag"].length === 0) {
    for (const { startSeconds, endSeconds, count, maxUs, encoded } of lagLog) {
      const times = `${startSeconds.toFixed(3)},${(endSeconds - startSeconds).toFixed(3)}`;
      if (count > 0) lines.push(`Tag=generator-lag,${times},${(maxUs / 1000).toFixed(3)},${encoded}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
