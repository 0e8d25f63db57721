import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import type { ProcessIdentity } from "../services/process-identity.ts";
import { systemName } from "../systems/command/settings.ts";
import type { SweepEvents, SweepStart } from "./events.ts";
import type { PlannedRun, RunResult } from "./model.ts";
import { type RunProgress, SweepProgress } from "./progress.ts";
import type { FeederProgress, ObserverProgress } from "./toolbox.ts";

export const LIVE_FILE = "live.json";
/** Least time between two writes, µs; also the step of the history. */
const INTERVAL_US = 1_000_000;
/** Points of history that are kept: the last two minutes of the run at hand. */
const HISTORY = 120;

/** `live.json`: where the sweep that writes to this folder stands. Times are wall-clock ms unless named otherwise. */
export interface LiveSnapshot {
  readonly version: 1;
  /** Who writes; when it is gone, the sweep was broken off. */
  readonly process: ProcessIdentity;
  readonly writtenMs: number;
  /** null: a search, of which nobody knows how many runs it will take. */
  readonly plannedRuns: number | null;
  readonly doneRuns: number;
  readonly etaMs: number | null;
  readonly notice: string | null;
  readonly run: LiveRun | null;
}

/** The run at hand: rates and (estimated) latencies of the last interval; null: not known yet. */
export interface LiveRun extends LivePoint {
  readonly id: string;
  readonly query: string;
  readonly system: string;
  readonly phase: string;
  readonly startedMs: number;
  readonly faults: readonly { readonly text: string; readonly atMs: number }[];
  /** About one point a second, oldest first. */
  readonly history: readonly LivePoint[];
}

export interface LivePoint {
  readonly atMs: number;
  readonly offeredPerSecond: number;
  readonly achievedPerSecond: number | null;
  readonly outputPerSecond: number | null;
  readonly lagP99Us: number | null;
  readonly p50Us: number | null;
  readonly p99Us: number | null;
}

export interface LiveFileOptions {
  readonly directory: string;
  readonly process: ProcessIdentity;
  readonly monotonicUs: () => number;
  readonly wallClockMs: () => number;
  /** Calls `work` once after `ms` unless the returned function is called before. */
  readonly after: (ms: number, work: () => void) => () => void;
  /** Told once when the file cannot be written; the sweep goes on without it. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Leaves the progress of a sweep where others can read it without talking to it: a small file, replaced as a whole at most once a second
 * and removed at the end. Nothing is forced to the disk: after a crash of the machine nobody asks for it.
 */
export class LiveFile implements SweepEvents {
  readonly #options: LiveFileOptions;
  readonly #progress: SweepProgress;
  #history: LivePoint[] = [];
  #writtenUs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;
  /** Something was told since the last write began. */
  #isDirty = false;
  #writing: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(options: LiveFileOptions) {
    this.#options = options;
    this.#progress = new SweepProgress(options.monotonicUs);
  }

  planned(start: SweepStart): void {
    this.#progress.planned(start);
    this.#changed();
  }

  notice(text: string): void {
    this.#progress.notice(text);
    this.#changed();
  }

  runStarted(run: PlannedRun, config: Config): void {
    this.#progress.runStarted(run, config);
    this.#history = [];
    this.#changed();
  }

  phase(name: string): void {
    this.#progress.phase(name);
    this.#changed();
  }

  fed(progress: FeederProgress): void {
    this.#progress.fed(progress);
    this.#changed();
  }

  observed(progress: ObserverProgress): void {
    this.#progress.observed(progress);
    this.#changed();
  }

  faultStruck(text: string): void {
    this.#progress.faultStruck(text);
    this.#changed();
  }

  runEnded(result: RunResult): void {
    this.#progress.runEnded(result);
    this.#changed();
  }

  /** Resolves when what is being written has been written. */
  written(): Promise<void> {
    return this.#writing;
  }

  /** Removes the file; what comes afterwards is not written. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.#cancel?.();
    await this.written();
    const { path, temporary } = this.#paths;
    await Promise.all([rm(path, { force: true }), rm(temporary, { force: true })]);
  }

  get #paths() {
    const path = join(this.#options.directory, LIVE_FILE);
    return { path, temporary: `${path}.tmp` };
  }

  #changed(): void {
    this.#isDirty = true;
    if (this.#isOver || this.#cancel !== null) return;
    const dueUs = this.#writtenUs + INTERVAL_US - this.#options.monotonicUs();
    this.#cancel = this.#options.after(Math.max(0, Math.ceil(dueUs / 1000)), () => {
      this.#writing = this.#write();
    });
  }

  async #write(): Promise<void> {
    const { path, temporary } = this.#paths;
    this.#isDirty = false;
    this.#writtenUs = this.#options.monotonicUs();
    try {
      await writeFile(temporary, JSON.stringify(this.#snapshot()));
      await rename(temporary, path);
    } catch (error) {
      this.#isOver = true;
      this.#options.onFailure(error);
    }
    this.#cancel = null;
    if (this.#isDirty) this.#changed();
  }

  #snapshot(): LiveSnapshot {
    const { current, plannedRuns, doneRuns, etaMs, lastNotice } = this.#progress;
    const writtenMs = this.#options.wallClockMs();
    return {
      version: 1,
      process: this.#options.process,
      writtenMs,
      plannedRuns,
      doneRuns,
      etaMs: etaMs === null ? null : Math.round(etaMs),
      notice: lastNotice,
      run: current === null ? null : this.#run(current, writtenMs),
    };
  }

  #run(current: RunProgress, nowMs: number): LiveRun {
    const { run, config, phase, startedUs, faults } = current;
    const nowUs = this.#options.monotonicUs();
    const wallMs = (atUs: number) => Math.round(nowMs - (nowUs - atUs) / 1000);
    const point = pointOf(current, nowMs);
    this.#history = [...this.#history, point].slice(-HISTORY);
    return {
      id: run.id,
      query: config.query,
      system: systemName(config.system),
      phase,
      startedMs: wallMs(startedUs),
      ...point,
      faults: faults.map(({ text, atUs }) => ({ text, atMs: wallMs(atUs) })),
      history: this.#history,
    };
  }
}

/** Rates to five digits: no more are shown, and the file stays small. */
function pointOf(current: RunProgress, atMs: number): LivePoint {
  const rounded = (value: number | null) => (value === null ? null : Number(value.toPrecision(5)));
  return {
    atMs,
    offeredPerSecond: rounded(current.duePerSecond ?? current.offeredPerSecond)!,
    achievedPerSecond: rounded(current.achievedPerSecond),
    outputPerSecond: rounded(current.outputPerSecond),
    lagP99Us: current.lagUs,
    p50Us: current.p50Us,
    p99Us: current.p99Us,
  };
}
