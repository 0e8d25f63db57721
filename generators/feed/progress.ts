import type { Feeder } from "./feeder.ts";
import type { LagRecorder } from "./lag.ts";

export interface ProgressOptions {
  readonly print: (line: Readonly<Record<string, unknown>>) => void;
  /** Monotonic µs. */
  readonly now: () => number;
  readonly feeder: Feeder;
  readonly lag: LagRecorder;
  readonly startUs: number;
  readonly ackedEvents: () => number;
}

/** Ends an interval of the lag log and prints a progress line, each time that `report` is called. */
export class ProgressReports {
  readonly #options: ProgressOptions;
  #lastSec = 0;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Nothing happens before the start. */
  report(): void {
    const { print, now, feeder, lag, startUs, ackedEvents } = this.#options;
    const nowSec = (now() - startUs) / 1e6;
    if (nowSec <= this.#lastSec) return;
    const { p50, p99, max, n } = lag.closeInterval(this.#lastSec, nowSec);
    this.#lastSec = nowSec;
    const counts = { sentEvents: feeder.sent, dueEvents: feeder.dueEvents(), ackedEvents: ackedEvents() };
    print({ progress: { ...counts, lagUs: { p50, p99, max, n } } });
  }
}
