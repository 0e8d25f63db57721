import { offeredRatePerSecond } from "../config/schedule.ts";
import type { Config } from "../config/schema.ts";
import type { SweepEvents, SweepStart } from "./events.ts";
import type { PlannedRun, RunResult } from "./model.ts";
import { estimateRunMs } from "./plan.ts";
import type { FeederProgress, ObserverProgress } from "./toolbox.ts";

/** What is known of the run at hand. Rates and latencies are of the last interval, latencies are estimates; null: not known yet. */
export interface RunProgress {
  readonly run: PlannedRun;
  readonly config: Config;
  /** Monotonic µs. */
  readonly startedUs: number;
  readonly phase: string;
  /** The mean of the whole load, and what was due in the last interval. */
  readonly offeredPerSecond: number;
  readonly duePerSecond: number | null;
  readonly achievedPerSecond: number | null;
  readonly outputPerSecond: number | null;
  readonly lagUs: number | null;
  readonly p50Us: number | null;
  readonly p99Us: number | null;
  /** What was broken on purpose, with the time at which it was. */
  readonly faults: readonly { readonly text: string; readonly atUs: number }[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Where a sweep stands, from its events alone. Those who show it ask after each event. */
export class SweepProgress implements SweepEvents {
  readonly #clockUs: () => number;
  #start: SweepStart | null = null;
  #remainingMs = 0;
  #done = 0;
  #notice: string | null = null;
  #current: Mutable<RunProgress> | null = null;
  #last: { readonly atUs: number; readonly progress: FeederProgress } | null = null;

  constructor(clockUs: () => number) {
    this.#clockUs = clockUs;
  }

  get current(): RunProgress | null {
    return this.#current;
  }

  /** The last thing that was said of services. */
  get lastNotice(): string | null {
    return this.#notice;
  }

  /** Runs that have ended, reused ones included. */
  get doneRuns(): number {
    return this.#done;
  }

  /** Null while nobody knows how many there will be, as in a search. */
  get plannedRuns(): number | null {
    return this.#start === null ? null : this.#start.runs.length;
  }

  /** Estimated time to the end of the sweep, ms; null without a plan. */
  get etaMs(): number | null {
    if (this.#start === null) return null;
    const current = this.#current;
    if (current === null) return Math.max(0, this.#remainingMs);
    const spentMs = Math.min((this.#clockUs() - current.startedUs) / 1000, estimateRunMs(current.config));
    return Math.max(0, this.#remainingMs - spentMs);
  }

  planned(start: SweepStart): void {
    this.#start = start;
    this.#done = start.reused;
    this.#remainingMs = start.estimatedMs;
  }

  notice(text: string): void {
    this.#notice = text;
  }

  runStarted(run: PlannedRun, config: Config): void {
    this.#last = null;
    this.#current = {
      run,
      config,
      startedUs: this.#clockUs(),
      phase: "start",
      offeredPerSecond: offeredRatePerSecond(config),
      duePerSecond: null,
      achievedPerSecond: null,
      outputPerSecond: null,
      lagUs: null,
      p50Us: null,
      p99Us: null,
      faults: [],
    };
  }

  phase(name: string): void {
    if (this.#current !== null) this.#current.phase = name;
  }

  fed(progress: FeederProgress): void {
    const current = this.#current;
    if (current === null) return;
    const atUs = this.#clockUs();
    if (this.#last !== null && atUs > this.#last.atUs) {
      const seconds = (atUs - this.#last.atUs) / 1e6;
      current.achievedPerSecond = (progress.sent - this.#last.progress.sent) / seconds;
      current.duePerSecond = (progress.due - this.#last.progress.due) / seconds;
    }
    this.#last = { atUs, progress };
    current.lagUs = progress.lagP99Us;
  }

  observed(progress: ObserverProgress): void {
    if (this.#current === null) return;
    this.#current.outputPerSecond = progress.perSecond;
    this.#current.p50Us = progress.p50Us;
    this.#current.p99Us = progress.p99Us;
  }

  faultStruck(text: string): void {
    const current = this.#current;
    if (current !== null) current.faults = [...current.faults, { text, atUs: this.#clockUs() }];
  }

  runEnded(_result: RunResult): void {
    if (this.#current !== null) this.#remainingMs -= estimateRunMs(this.#current.config);
    this.#current = null;
    this.#done += 1;
  }
}
