import { MIN_SAMPLES, NO_LATENCY } from "../measure/latency-histogram.ts";
import type { LatencySummary, RunRecord } from "../sweep/model.ts";
import { type LagInterval, lagInWindow, sentBetween } from "./lag-log.ts";
import type { RunConfig } from "./run-config.ts";
import type { RunRecorder } from "./run-recorder.ts";
import type { MeasuredWindow } from "./window.ts";

/** What the numbers of a run are taken from. */
export interface Measured {
  readonly record: RunRecord;
  readonly config: RunConfig;
  readonly window: MeasuredWindow | null;
  readonly recorder: RunRecorder;
  readonly lagLog: readonly LagInterval[];
}

/** The rates and latencies of a run's measured window. */
export function measuresOf(c: Measured) {
  const { window, recorder } = c;
  return {
    offeredPerSecond: window === null ? null : (window.endEvent - window.firstEvent) / window.seconds,
    achievedInputPerSecond: achievedInput(c),
    achievedOutputPerSecond: window === null ? null : recorder.outputsInWindow / window.seconds,
    latencyUs: recorder.latency.summary(),
    uncorrectedLatencyUs: recorder.uncorrected.summary(),
    generatorLagUs: generatorLag(c),
    observerLagUs: recorder.observerLag.summary(),
  };
}

/** Events a second that were really sent in the measured window; where the feeder left no times, over the whole load. */
function achievedInput({ record, config, window, recorder, lagLog }: Measured): number | null {
  if (window !== null && recorder.inputsInWindow !== null) return recorder.inputsInWindow / window.seconds;
  if (window !== null && lagLog.length > 0) {
    const fromSeconds = (window.fromUs - record.startUs) / 1e6;
    return sentBetween(lagLog, fromSeconds, fromSeconds + window.seconds) / window.seconds;
  }
  const feeder = record.feeder;
  if (feeder === null) return null;
  const lateUs = Math.max(0, feeder.finishedUs - feeder.lastDueUs);
  return feeder.acked / ((config.loadMs * 1000 + lateUs) / 1e6);
}

/** From the times of sending, else from the feeder's histograms in the measured window, else its summary of the whole load. */
function generatorLag({ record, window, recorder, lagLog }: Measured): LatencySummary {
  if (recorder.inputsInWindow !== null) return recorder.generatorLag.summary();
  if (window !== null && lagLog.length > 0) return lagInWindow(lagLog, record.startUs, window);
  return feederLag(record);
}

/** The lags that tell whether feeder and observer kept up: without the times in which they could not, because the broker was struck. */
export function judgedLags({ recorder, lagLog, ...rest }: Measured, isStruck: boolean) {
  if (!isStruck) return {};
  const known = recorder.inputsInWindow !== null;
  return {
    generatorLagUs: known ? recorder.judgedGeneratorLag.summary() : generatorLag({ recorder, lagLog, ...rest }),
    observerLagUs: recorder.judgedObserverLag.summary(),
  };
}

/** Null where nothing tells. */
export function inputsPerSecond({ recorder, lagLog }: Measured): readonly number[] | null {
  if (recorder.inputsInWindow !== null) return recorder.inputs;
  if (lagLog.length === 0) return null;
  const seconds = Math.ceil(Math.max(...lagLog.map(({ endSeconds }) => endSeconds)));
  return Array.from({ length: seconds }, (_, second) => Math.round(sentBetween(lagLog, second, second + 1)));
}

function feederLag(record: RunRecord): LatencySummary {
  const lag = record.feeder?.lagUs;
  if (lag === undefined || lag.n === 0) return NO_LATENCY;
  const guarded = (value: number, least: number) => (lag.n < least ? null : value);
  return {
    p50: guarded(lag.p50, MIN_SAMPLES.p50),
    p90: null,
    p99: guarded(lag.p99, MIN_SAMPLES.p99),
    p999: guarded(lag.p999, MIN_SAMPLES.p999),
    max: lag.max,
    n: lag.n,
  };
}

/** Events due in each second of the load. */
export function offeredPerSecond(config: RunConfig): number[] {
  const dueBefore = (second: number) => Math.min(config.mainEvents, config.schedule.countBefore(second * 1e9 - 1));
  const seconds = Math.ceil(config.loadMs / 1000);
  return Array.from({ length: seconds }, (_, second) => dueBefore(second + 1) - dueBefore(second));
}
