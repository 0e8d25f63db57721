import type { Random } from "../../base/random.ts";
import type { CheckpointPhase } from "./fault-fields.ts";
import type { FaultSpec } from "./schema.ts";

/** Strikes of one fault: a mean that is far too short must not fill the memory; a day with one every ten seconds has room. */
const MAX_STRIKES = 10_000;
const TRIGGERS = ["at", "afterEvents", "checkpoint", "every", "poisson"] as const;
export type TriggerName = (typeof TRIGGERS)[number];

/** When a fault strikes once: at a time, ms from the first due time, or at a moment that only the run can tell. */
export type Moment =
  | { readonly kind: "time"; readonly atMs: number }
  | { readonly kind: "checkpoint"; readonly phase: CheckpointPhase; readonly nth: number };

/** What is known of the load; times in ms from the first due time. */
export interface LoadFacts {
  readonly warmupMs: number;
  readonly endMs: number;
  /** When event n, from 0, is due. */
  dueMs(event: number): number;
}

/** The triggers that a fault's settings name: exactly one, if they are right. */
export function triggersOf(fault: FaultSpec): readonly TriggerName[] {
  return TRIGGERS.filter((name) => fault[name] !== undefined);
}

/** When the fault strikes, in time order; drawn from `random` where it is left to chance, and then perhaps never. */
export function momentsOf(fault: FaultSpec, load: LoadFacts, random: Random): readonly Moment[] {
  if (fault.checkpoint !== undefined) {
    return [{ kind: "checkpoint", phase: fault.checkpoint, nth: fault.nth ?? 1 }];
  }
  return timesOf(fault, load, random).map((atMs): Moment => ({ kind: "time", atMs }));
}

function timesOf({ at, afterEvents, every, count, poisson }: FaultSpec, load: LoadFacts, random: Random): number[] {
  const { warmupMs, endMs } = load;
  if (at === "random") return [warmupMs + random.unit() * (endMs - warmupMs)];
  if (at !== undefined) return [at];
  if (afterEvents !== undefined) return [load.dueMs(afterEvents - 1)];
  if (every !== undefined) return multiples(every, warmupMs, endMs, count ?? MAX_STRIKES);
  return poisson === undefined ? [] : arrivals(poisson.mean, warmupMs, endMs, random);
}

function multiples(everyMs: number, fromMs: number, endMs: number, most: number): number[] {
  const first = Math.max(1, Math.ceil(fromMs / everyMs));
  const fitting = Math.max(0, Math.ceil(endMs / everyMs) - first);
  return Array.from({ length: Math.min(fitting, most) }, (_, n) => (first + n) * everyMs);
}

/** A Poisson process: gaps are exponential. */
function arrivals(meanMs: number, fromMs: number, endMs: number, random: Random): number[] {
  const times: number[] = [];
  let atMs = fromMs;
  while (times.length < MAX_STRIKES) {
    atMs -= meanMs * Math.log(1 - random.unit());
    if (atMs >= endMs) break;
    times.push(atMs);
  }
  return times;
}

/** `at 15s`-like words for what asked for a strike. */
export function triggerText(fault: FaultSpec): string {
  if (fault.checkpoint !== undefined) return `checkpoint ${fault.checkpoint}, nth ${fault.nth ?? 1}`;
  if (fault.at !== undefined) return fault.at === "random" ? "at random" : `at ${fault.at} ms`;
  if (fault.afterEvents !== undefined) return `after ${fault.afterEvents} events`;
  if (fault.every !== undefined) return `every ${fault.every} ms`;
  return `poisson, mean ${fault.poisson?.mean} ms`;
}
