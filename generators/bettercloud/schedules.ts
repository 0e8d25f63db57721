import { compileSchedule, type Schedule } from "../schedule/schedule.ts";
import { type BetterCloudOptions, preloadedControls } from "./options.ts";

const NS_PER_MS = 1_000_000;
/** How long before the first event the last preloaded control is due: more than any reader needs to have seen it. */
const PRELOAD_LEAD_MS = 10_000;

/** When customer events are due unless a run says otherwise. */
export function eventSchedule(options: BetterCloudOptions): Schedule {
  return compileSchedule({ shape: "constant", ratePerSecond: options.consumerRate });
}

/** When controls are due, on the clock of the events: preloaded ones at negative times, one a millisecond. */
export function controlSchedule(options: BetterCloudOptions): Schedule {
  const preloaded = preloadedControls(options);
  if (preloaded === 0) return compileSchedule({ shape: "constant", ratePerSecond: options.controlRate });
  const firstMs = -PRELOAD_LEAD_MS - preloaded;
  return {
    dueNs: (index) => (firstMs + index) * NS_PER_MS,
    countBefore: (ns) => Math.max(0, Math.min(preloaded, Math.floor(ns / NS_PER_MS) - firstMs + 1)),
    totalEvents: preloaded,
  };
}

/** Epoch ms of a due time. */
export function epochMs(options: BetterCloudOptions, dueNs: number): number {
  return options.baseTimeMs + Math.floor(dueNs / NS_PER_MS);
}
