import { appendFile } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { monotonicUs } from "../../base/clock.ts";

/** One line of `raw/<run>/runtime.jsonl`: what Node tells of one process, since its line before. */
export interface RuntimeSample {
  readonly atUs: number;
  readonly role: string;
  readonly pid: number;
  readonly heapUsedBytes: number;
  /** Pauses of the garbage collector: how many, together, and the longest. */
  readonly gcPauses: number;
  readonly gcPauseUs: number;
  readonly gcPauseMaxUs: number;
  /** By how much each turn of a timer of `LOOP_TIMER_MS` came late. */
  readonly loopDelaysUs: readonly number[];
}

export interface RuntimeProbe {
  /** Ends it; what came since the last line is dropped. */
  stop(): void;
}

/** A timer that only looks how late it is; a line holds 20 of its turns. Each wakes an idle process, which is most of what a probe costs. */
const LOOP_TIMER_MS = 50;
const LINE_INTERVAL_MS = 1_000;

/** Counts since the last line. */
export class RuntimeCounts {
  #pauses = { gcPauses: 0, gcPauseUs: 0, gcPauseMaxUs: 0 };
  #delays: number[] = [];
  #lastTurnUs: number;

  constructor(startUs: number) {
    this.#lastTurnUs = startUs;
  }

  pause(us: number): void {
    this.#pauses.gcPauses++;
    this.#pauses.gcPauseUs += us;
    this.#pauses.gcPauseMaxUs = Math.max(this.#pauses.gcPauseMaxUs, us);
  }

  /** The loop timer has fired. */
  turn(atUs: number): void {
    this.#delays.push(Math.max(0, Math.round(atUs - this.#lastTurnUs - LOOP_TIMER_MS * 1_000)));
    this.#lastTurnUs = atUs;
  }

  /** What was counted, and begins anew. */
  take(): Pick<RuntimeSample, "gcPauses" | "gcPauseUs" | "gcPauseMaxUs" | "loopDelaysUs"> {
    const { gcPauses, gcPauseUs, gcPauseMaxUs } = this.#pauses;
    const taken = {
      gcPauses,
      gcPauseUs: Math.round(gcPauseUs),
      gcPauseMaxUs: Math.round(gcPauseMaxUs),
      loopDelaysUs: this.#delays,
    };
    this.#pauses = { gcPauses: 0, gcPauseUs: 0, gcPauseMaxUs: 0 };
    this.#delays = [];
    return taken;
  }
}

/**
 * Appends a line about this process to `file` every second: GC pauses, event-loop delay, heap. Own timer instead of
 * `monitorEventLoopDelay`, whose `reset` forgets the delay that is just going on. Files are written off the main thread. When that
 * fails the probe ends: the process has better things to do than to fail of it, and the cells stay empty.
 */
export function startRuntimeProbe(file: string, role: string): RuntimeProbe {
  const counts = new RuntimeCounts(monotonicUs());
  const collector = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) counts.pause(duration * 1_000);
  });
  collector.observe({ entryTypes: ["gc"] });
  const turns = setInterval(() => counts.turn(monotonicUs()), LOOP_TIMER_MS);
  const stop = () => {
    clearInterval(turns);
    clearInterval(lines);
    collector.disconnect();
  };
  const lines = setInterval(() => {
    const heapUsedBytes = getHeapStatistics().used_heap_size;
    const sample: RuntimeSample = { atUs: monotonicUs(), role, pid: process.pid, heapUsedBytes, ...counts.take() };
    appendFile(file, `${JSON.stringify(sample)}\n`, (error) => {
      if (error !== null) stop();
    });
  }, LINE_INTERVAL_MS);
  turns.unref();
  lines.unref();
  return { stop };
}
