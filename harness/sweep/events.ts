import type { Config } from "../config/schema.ts";
import type { PlannedRun, RunResult } from "./model.ts";
import type { FeederProgress, ObserverProgress } from "./toolbox.ts";

/** What a sweep tells whoever watches it: the progress display, `--json`, tests. */
export interface SweepEvents {
  planned(plan: SweepStart): void;
  /** One line about services: installing, starting, warming. */
  notice(text: string): void;
  runStarted(run: PlannedRun, config: Config): void;
  phase(name: string): void;
  fed(progress: FeederProgress): void;
  observed(progress: ObserverProgress): void;
  /** Something is broken on purpose, now. */
  faultStruck(text: string): void;
  runEnded(result: RunResult): void;
}

export interface SweepStart {
  readonly directory: string;
  readonly runs: readonly PlannedRun[];
  /** Runs that an earlier, interrupted sweep has left finished. */
  readonly reused: number;
  readonly estimatedMs: number;
}

/** Tells everybody, in this order. */
export function tellAll(listeners: readonly SweepEvents[]): SweepEvents {
  const each = (tell: (listener: SweepEvents) => void) => {
    for (const listener of listeners) tell(listener);
  };
  return {
    planned: (plan) => each((listener) => listener.planned(plan)),
    notice: (text) => each((listener) => listener.notice(text)),
    runStarted: (run, config) => each((listener) => listener.runStarted(run, config)),
    phase: (name) => each((listener) => listener.phase(name)),
    fed: (progress) => each((listener) => listener.fed(progress)),
    observed: (progress) => each((listener) => listener.observed(progress)),
    faultStruck: (text) => each((listener) => listener.faultStruck(text)),
    runEnded: (result) => each((listener) => listener.runEnded(result)),
  };
}
