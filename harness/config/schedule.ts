import { compileSchedule } from "../../generators/schedule/schedule.ts";
import type { ScheduleSpec } from "../../generators/schedule/spec.ts";
import type { Config, LoadConfig } from "./schema.ts";

/** Length of a constant load that says neither duration nor number of events. */
const DEFAULT_LOAD_MS = 20_000;

/** The load as feeder, observer and analysis read it. */
export function scheduleSpec(load: LoadConfig): ScheduleSpec {
  if (load.shape === "constant") return { shape: "constant", ratePerSecond: load.rate };
  return {
    shape: "steps",
    steps: load.steps.map((step) => ({ durationMs: step.duration, ratePerSecond: step.rate })),
  };
}

/** Events that become due within the load's own duration. */
export function scheduledCount(load: LoadConfig): number {
  const steps =
    load.shape === "constant"
      ? [{ durationMs: load.duration ?? DEFAULT_LOAD_MS, ratePerSecond: load.rate }]
      : load.steps.map((step) => ({ durationMs: step.duration, ratePerSecond: step.rate }));
  return compileSchedule({ shape: "steps", steps }).totalEvents ?? 0;
}

/** Number of events of the data set, closing records not counted. */
export function eventCount({ data, load }: Config): number {
  return data.events ?? scheduledCount(load);
}

/** How long events are due, ms: to the end of the load, or to the last event where `data.events` fixes their number. */
export function loadDurationMs({ load, data }: Config): number {
  if (data.events !== undefined) {
    const nextDueNs = compileSchedule(scheduleSpec(load)).dueNs(data.events);
    return Math.ceil(nextDueNs / 1000) / 1000;
  }
  if (load.shape === "constant") return load.duration ?? DEFAULT_LOAD_MS;
  return load.steps.reduce((sum, step) => sum + step.duration, 0);
}

/** Mean offered rate over the load, events per second. */
export function offeredRatePerSecond(config: Config): number {
  return eventCount(config) / (loadDurationMs(config) / 1000);
}
