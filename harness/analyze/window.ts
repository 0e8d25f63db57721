import type { RunRecord } from "../sweep/model.ts";
import type { RunConfig } from "./run-config.ts";

/** The measured part of a run: from the end of the warm-up to the end of the load, on the schedule. */
export interface MeasuredWindow {
  /** Monotonic µs. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly seconds: number;
  /** First event of the main stream due in it, and the first one behind it. */
  readonly firstEvent: number;
  readonly endEvent: number;
}

/** Null when the warm-up leaves nothing to measure. */
export function measuredWindow(record: RunRecord, config: RunConfig): MeasuredWindow | null {
  const fromMs = config.warmupMs;
  const toMs = config.loadMs;
  if (toMs <= fromMs) return null;
  const dueBefore = (ms: number) => Math.min(config.mainEvents, config.schedule.countBefore(Math.ceil(ms * 1e6) - 1));
  return {
    fromUs: record.startUs + Math.round(fromMs * 1000),
    toUs: record.startUs + Math.round(toMs * 1000),
    seconds: (toMs - fromMs) / 1000,
    firstEvent: dueBefore(fromMs),
    endEvent: dueBefore(toMs),
  };
}
