import { type IntervalHistogram, IntervalHistograms } from "../../measure/interval-histograms.ts";
import { MIN_SAMPLES } from "../../measure/latency-histogram.ts";
import { type FaultCount, FaultCounters } from "./fault-counters.ts";

/** The figure's intervals, and how far it looks back and ahead. */
export const FIGURE_INTERVAL_MS = 250;
const BEFORE_INTERVALS = 40;
const AFTER_INTERVALS = 240;
/** Single outputs that are kept for the figure; where there are more, the intervals say it all. */
const MAX_POINTS = 4_000;

/** An output around a fault: when it was due and when it came, µs relative to the observed fault. */
export interface FaultPoint {
  readonly dueUs: number;
  readonly observedUs: number;
}

/** What figures around a fault draw. */
export interface FaultSeries {
  readonly intended: readonly IntervalHistogram[];
  readonly output: readonly IntervalHistogram[];
  /** null: too many to draw. */
  readonly points: readonly FaultPoint[] | null;
  readonly counts: readonly FaultCount[];
}

/** Gathers what the figures around one fault need, in any order. */
export class FaultDrawing {
  readonly counters: FaultCounters;
  readonly #faultUs: number;
  readonly #intended = new IntervalHistograms();
  readonly #output = new IntervalHistograms();
  #points: FaultPoint[] | null = [];

  /** `faultUs`: when the fault was observed. */
  constructor(faultUs: number) {
    this.#faultUs = faultUs;
    this.counters = new FaultCounters(faultUs);
  }

  /** A new output, at its first observation. */
  onOutput(outputDueUs: number, outputObservedUs: number): void {
    this.counters.onOutput(outputDueUs, outputObservedUs);
    const [dueUs, observedUs] = [outputDueUs - this.#faultUs, outputObservedUs - this.#faultUs];
    const dueAt = intervalOf(dueUs);
    const observedAt = intervalOf(observedUs);
    if (isDrawn(dueAt)) this.#intended.record(dueAt, observedUs - dueUs);
    if (isDrawn(observedAt)) this.#output.record(observedAt, observedUs - dueUs);
    if (this.#points === null || (!isDrawn(dueAt) && !isDrawn(observedAt))) return;
    if (this.#points.length < MAX_POINTS) this.#points.push({ dueUs, observedUs });
    else this.#points = null;
  }

  /** Once. `counts`: of the counters, which need to know the load and the backlog. */
  finish(counts: readonly FaultCount[]): FaultSeries {
    const [intended, output] = [this.#intended.finish(MIN_SAMPLES), this.#output.finish(MIN_SAMPLES)];
    return { intended, output, points: this.#points, counts };
  }
}

function intervalOf(us: number): number {
  return Math.floor(us / (FIGURE_INTERVAL_MS * 1000));
}

function isDrawn(interval: number): boolean {
  return interval >= -BEFORE_INTERVALS && interval < AFTER_INTERVALS;
}
