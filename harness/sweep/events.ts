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
  runEnded(result: RunResult): void;
}

export interface SweepStart {
  readonly directory: string;
  readonly runs: readonly PlannedRun[];
  /** Runs that an earlier, interrupted sweep has left finished. */
  readonly reused: number;
  readonly estimatedMs: number;
}
