import { metricOf, percentOf, type Threshold } from "../config/thresholds.ts";
import type { Censored, FaultResult } from "../faults/result.ts";
import type { IntervalHistogram } from "../measure/interval-histograms.ts";
import { LatencyHistogram, SIGNIFICANT_DIGITS } from "../measure/latency-histogram.ts";
import type { LatencySummary, VerifySummary } from "../sweep/model.ts";
import type { ThresholdResult } from "../sweep/threshold-result.ts";

/** What thresholds are held against: the numbers of one run, and what lies behind them. Latencies in µs. */
export interface ThresholdData {
  /** Over the whole measured window. */
  readonly latency: Pick<LatencyHistogram, "count" | "max" | "percentile">;
  /** One a second, by due time; and outputs by the second in which they came. */
  readonly intervals: readonly IntervalHistogram[];
  readonly outputs: readonly number[];
  /** Whole seconds of the measured window. */
  readonly fromSecond: number;
  readonly toSecond: number;
  readonly offeredPerSecond: number | null;
  readonly achievedInputPerSecond: number | null;
  readonly achievedOutputPerSecond: number | null;
  readonly lagSlope: number | null;
  readonly generatorLagUs: LatencySummary;
  readonly observerLagUs: LatencySummary;
  /** What the guarantee speaks of. */
  readonly verified: VerifySummary | null;
  readonly faults: readonly FaultResult[];
  /** The run was ended before its end: only latency can be told to have crossed a bound, nothing can be told to have held. */
  readonly endedEarly: boolean;
}

/** A value with what there is to say of it. */
interface Reading {
  /** In the unit of the metric; null: no data. Infinite: not over by the end of the run. */
  readonly value: number | null;
  readonly note?: string;
}

/** Windows begin at each second, or at each tenth of their length: so many windows per length at most. */
const STEPS_PER_WINDOW = 10;

/** Every threshold with its value, in the order written. What has no data has crossed. */
export function judgeThresholds(thresholds: readonly Threshold[], data: ThresholdData): ThresholdResult[] {
  return thresholds.map((threshold) => {
    const result =
      threshold.over === null ? judgeWhole(threshold, data) : judgeWindows(threshold, threshold.over, data);
    if (!data.endedEarly) return result;
    const isTold = result.state === "crossed" && threshold.abort;
    return isTold ? result : { ...result, state: "notJudged", value: null, note: "the run was ended before" };
  });
}

function judgeWhole(threshold: Threshold, data: ThresholdData): ThresholdResult {
  const reading = readWhole(threshold.metric, data);
  const { value } = reading;
  return {
    ...described(threshold),
    state: value === null ? "noData" : holds(threshold, value) ? "passed" : "crossed",
    value: value === Number.POSITIVE_INFINITY ? null : value,
    ...(reading.note === undefined ? {} : { note: reading.note }),
  };
}

function described({ text, metric }: Threshold): Pick<ThresholdResult, "text" | "metric" | "unit"> {
  return { text, metric, unit: metricOf(metric)?.unit ?? "count" };
}

function holds({ operator, bound }: Threshold, value: number): boolean {
  switch (operator) {
    case "<":
      return value < bound;
    case "<=":
      return value <= bound;
    case ">":
      return value > bound;
    case ">=":
      return value >= bound;
    case "==":
      return value === bound;
    case "!=":
      return value !== bound;
  }
}

function readWhole(metric: string, data: ThresholdData): Reading {
  const percent = percentOf(metric);
  if (percent !== null) return readPercentile(data.latency, percent);
  switch (metric) {
    case "max":
      return milliseconds(data.latency.max);
    case "lagSlope":
      return data.lagSlope === null ? noData("too few seconds with outputs") : { value: data.lagSlope };
    case "achieved": {
      const { offeredPerSecond: offered, achievedInputPerSecond: achieved } = data;
      return offered === null || achieved === null || offered === 0 ? noData() : { value: achieved / offered };
    }
    case "outputRate":
      return data.achievedOutputPerSecond === null ? noData() : { value: data.achievedOutputPerSecond };
    case "generatorLag":
      return milliseconds(data.generatorLagUs.p99);
    case "observerLag":
      return milliseconds(data.observerLagUs.p99);
    case "lost":
    case "duplicate":
    case "wrong":
    case "unexpected":
    case "premature":
    case "outOfOrder":
      // A run of which nothing was expected proves nothing.
      return data.verified === null || data.verified.expected === 0 ? noData() : { value: data.verified[metric] };
    default:
      return readFaults(metric, data.faults);
  }
}

function readPercentile(latency: ThresholdData["latency"], percent: number): Reading {
  const needed = samplesFor(percent);
  const valueUs = latency.percentile(percent, needed);
  if (valueUs !== null) return { value: valueUs / 1000 };
  return noData(`${latency.count} outputs, ${needed} needed`);
}

/** Ten values at least lie above a percentile that is told (`MIN_SAMPLES` of the reported ones is the same rule). */
function samplesFor(percent: number): number {
  return Math.ceil(Number((10 / (1 - percent / 100)).toFixed(6)));
}

/** The worst over all faults; one without the number leaves nothing to say. */
function readFaults(metric: string, faults: readonly FaultResult[]): Reading {
  let worst = Number.NEGATIVE_INFINITY;
  let note: string | undefined;
  for (const { effect } of faults) {
    const ms = effect === null ? null : lengthOf(metric, effect);
    if (ms === null) return noData("not known of every fault");
    if (ms.censored) note = `not over by the end of the run, at least ${(ms.ms / 1000).toFixed(1)} s`;
    worst = Math.max(worst, ms.censored ? Number.POSITIVE_INFINITY : ms.ms);
  }
  if (faults.length === 0) return noData("no fault was counted");
  return note === undefined ? { value: worst } : { value: worst, note };
}

function lengthOf(metric: string, effect: NonNullable<FaultResult["effect"]>): Censored | null {
  if (metric === "detection") return effect.detectionMs === null ? null : { ms: effect.detectionMs, censored: false };
  if (metric === "firstOutput") return effect.firstOutput;
  return metric === "gap" ? effect.gap : effect.catchUp;
}

/** Every window of `overMs` that lies wholly in the measured one must hold; the value is that of the worst. */
function judgeWindows(threshold: Threshold, overMs: number, data: ThresholdData): ThresholdResult {
  const seconds = overMs / 1000;
  const step = Math.max(1, Math.floor(seconds / STEPS_PER_WINDOW));
  const wantsLess = threshold.operator === "<" || threshold.operator === "<=";
  let worst: { value: number; from: number } | null = null;
  let [windows, crossed] = [0, 0];
  const result = (state: ThresholdResult["state"], value: number | null, from: number | null, note: string) => ({
    ...described(threshold),
    state,
    value,
    ...(from === null ? {} : { window: { fromSecond: from, toSecond: from + seconds } }),
    note,
  });
  for (let from = data.fromSecond; from + seconds <= data.toSecond; from += step) {
    const reading = readWindow(threshold.metric, from, from + seconds, data);
    if (reading.value === null) return result("noData", null, from, reading.note ?? "");
    windows++;
    if (!holds(threshold, reading.value)) crossed++;
    const isWorse = worst === null || (wantsLess ? reading.value > worst.value : reading.value < worst.value);
    if (isWorse) worst = { value: reading.value, from };
  }
  if (worst === null) return result("noData", null, null, "no window of this length was measured");
  return result(crossed > 0 ? "crossed" : "passed", worst.value, worst.from, `${crossed} of ${windows} windows`);
}

function readWindow(metric: string, from: number, to: number, data: ThresholdData): Reading {
  const inside = data.intervals.filter(({ index }) => index >= from && index < to);
  if (metric === "outputRate") {
    const seconds = data.outputs.slice(from, to);
    return { value: seconds.reduce((sum, count) => sum + count, 0) / (to - from) };
  }
  if (inside.length === 0) return noData("no output is due in it");
  if (metric === "max") return milliseconds(Math.max(...inside.map(({ max }) => max)));
  const histogram = new LatencyHistogram();
  try {
    for (const { encoded, negative, overflow, max } of inside) {
      histogram.addFrozen({ encoded, digits: SIGNIFICANT_DIGITS, negative, overflow, min: 0, max });
    }
    return readPercentile(histogram, percentOf(metric)!);
  } finally {
    histogram.destroy();
  }
}

function milliseconds(us: number | null): Reading {
  return us === null ? noData() : { value: us / 1000 };
}

function noData(note = "not measured"): Reading {
  return { value: null, note };
}
