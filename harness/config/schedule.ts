import { compileSchedule } from "../../generators/schedule/schedule.ts";
import type { ScheduleSpec } from "../../generators/schedule/spec.ts";
import type { Config, LoadConfig, OtherLoadConfig } from "./schema.ts";

/** Length of a load that could go on for ever and says neither duration nor number of events. */
const DEFAULT_LOAD_MS = 20_000;
const NS_PER_MS = 1_000_000;

/** The load as feeder, observer and analysis read it. */
export function scheduleSpec(load: LoadConfig | OtherLoadConfig): ScheduleSpec {
  switch (load.shape) {
    case "constant":
      return { shape: "constant", ratePerSecond: load.rate };
    case "steps":
    case "trace":
      return { shape: "steps", steps: steps(load) };
    case "ramp":
      return { shape: "ramp", fromPerSecond: load.from, toPerSecond: load.to, durationMs: load.duration };
    case "sine":
      return {
        shape: "sine",
        midPerSecond: load.mid,
        amplitudePerSecond: load.amplitude,
        periodMs: load.period,
      };
    case "square":
      return { shape: "square", lowPerSecond: load.low, highPerSecond: load.high, periodMs: load.period };
    case "burst":
      return {
        shape: "burst",
        basePerSecond: load.base,
        burstPerSecond: load.burst,
        everyMs: load.every,
        lengthMs: load.length,
      };
  }
}

type Step = { readonly durationMs: number; readonly ratePerSecond: number };

function steps(load: Extract<LoadConfig | OtherLoadConfig, { readonly shape: "steps" | "trace" }>): Step[] {
  if (load.shape === "steps") {
    return load.steps.map((step) => ({ durationMs: step.duration, ratePerSecond: step.rate }));
  }
  const points = load.points ?? [];
  const lengths = points.slice(1).map(({ at }, i) => at - points[i]!.at);
  return points.map(({ rate }, i) => ({ durationMs: lengths[i] ?? lengths.at(-1) ?? 0, ratePerSecond: rate }));
}

/** The highest rate that the load ever has, events per second. */
export function peakRatePerSecond(load: LoadConfig | OtherLoadConfig): number {
  switch (load.shape) {
    case "constant":
      return load.rate;
    case "steps":
    case "trace":
      return Math.max(...steps(load).map(({ ratePerSecond }) => ratePerSecond));
    case "ramp":
      return Math.max(load.from, load.to);
    case "sine":
      return load.mid + load.amplitude;
    case "square":
      return Math.max(load.low, load.high);
    case "burst":
      return Math.max(load.base, load.burst);
  }
}

/** Length of the load by itself, ms. */
function ownDurationMs(load: LoadConfig): number {
  if (load.shape === "steps" || load.shape === "trace") {
    return steps(load).reduce((sum, { durationMs }) => sum + durationMs, 0);
  }
  return load.duration ?? DEFAULT_LOAD_MS;
}

/** Events that become due within the load's own duration. */
export function scheduledCount(load: LoadConfig): number {
  if (peakRatePerSecond(load) === 0) return 0;
  const schedule = compileSchedule(scheduleSpec(load));
  return schedule.totalEvents ?? schedule.countBefore(ownDurationMs(load) * NS_PER_MS - 1);
}

/** Events of a further stream: as many as its load makes due while `load` lasts. */
export function otherEventCount(config: Config, load: OtherLoadConfig): number {
  if (peakRatePerSecond(load) === 0) return 0;
  const { countBefore } = compileSchedule(scheduleSpec(load));
  return countBefore(Math.round(loadDurationMs(config) * NS_PER_MS) - 1);
}

/** Number of events of the data set, closing records not counted. */
export function eventCount({ data, load }: Config): number {
  return data.events ?? scheduledCount(load);
}

/** How long events are due, ms: to the end of the load, or to the last event where `data.events` fixes their number. */
export function loadDurationMs({ load, data }: Config): number {
  if (data.events !== undefined && peakRatePerSecond(load) > 0) {
    const nextDueNs = compileSchedule(scheduleSpec(load)).dueNs(data.events);
    return Math.ceil(nextDueNs / 1000) / 1000;
  }
  return ownDurationMs(load);
}

/** Mean offered rate over the load, events per second. */
export function offeredRatePerSecond(config: Config): number {
  return eventCount(config) / (loadDurationMs(config) / 1000);
}
