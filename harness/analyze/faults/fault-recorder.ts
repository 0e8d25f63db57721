import type { FaultRecord } from "../../faults/model.ts";
import { type IntervalHistogram, IntervalHistograms } from "../../measure/interval-histograms.ts";
import { LatencyHistogram, MIN_SAMPLES } from "../../measure/latency-histogram.ts";
import { ExcessLatency } from "./excess-latency.ts";
import { OutputTimeline } from "./output-timeline.ts";

/** What is known from before the first fault comes from at most so long before it. */
const BASELINE_US = 60_000_000;
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

/** Outputs by time from one fault on, up to the next one. */
export interface FaultSegment {
  readonly latency: LatencyHistogram;
  readonly excess: ExcessLatency;
  inFlight: number;
  replayed: number;
}

export interface FaultSeries {
  readonly intended: readonly IntervalHistogram[];
  readonly output: readonly IntervalHistogram[];
  /** null: too many to draw. */
  readonly points: readonly FaultPoint[] | null;
}

interface Around {
  readonly observedUs: number;
  readonly segment: FaultSegment;
  readonly intended: IntervalHistograms;
  readonly output: IntervalHistograms;
  points: FaultPoint[] | null;
}

/** Gathers the first copies of outputs, and copies that came again, around the observed faults of one run. Order does not matter. */
export class FaultRecorder {
  readonly timeline: OutputTimeline;
  readonly before = new LatencyHistogram();
  /** Records that matched no open expected row before the first fault showed. */
  straysBefore = 0;
  /** From when on the time before the first fault is known. */
  readonly baselineFromUs: number;
  readonly #faults: readonly (Around | null)[];
  readonly #observed: readonly Around[];

  /** `warmUs`: end of the warm-up. */
  constructor(records: readonly FaultRecord[], startUs: number, warmUs: number, endUs: number) {
    this.timeline = new OutputTimeline(startUs, endUs);
    this.#faults = records.map(({ observedUs }) => (observedUs === null ? null : around(observedUs)));
    this.#observed = this.#faults.filter((fault) => fault !== null).sort((a, b) => a.observedUs - b.observedUs);
    const first = this.#observed[0]?.observedUs ?? endUs;
    this.baselineFromUs = Math.max(warmUs, first - BASELINE_US);
  }

  /** A new output, at its first observation. */
  onOutput(dueUs: number, observedUs: number): void {
    this.timeline.add(dueUs, observedUs);
    const latest = this.#latestAt(observedUs);
    const latencyUs = observedUs - dueUs;
    if (latest === null) {
      if (dueUs >= this.baselineFromUs) this.before.record(latencyUs);
    } else {
      latest.segment.latency.record(latencyUs);
      latest.segment.excess.add(latencyUs);
    }
    for (const fault of this.#observed) {
      if (dueUs <= fault.observedUs && observedUs > fault.observedUs) fault.segment.inFlight++;
      this.#draw(fault, dueUs - fault.observedUs, observedUs - fault.observedUs);
    }
  }

  /** An output that repeats one, or that nobody expects. */
  onStray(observedUs: number): void {
    const latest = this.#latestAt(observedUs);
    if (latest === null) this.straysBefore++;
    else latest.segment.replayed++;
  }

  /** null: the fault was not observed. */
  segment(index: number): FaultSegment | null {
    return this.#faults[index]?.segment ?? null;
  }

  /** When the next fault showed after this one; null when none did. */
  nextAfter(us: number): number | null {
    return this.#observed.find(({ observedUs }) => observedUs > us)?.observedUs ?? null;
  }

  /** The time before the earliest observed fault, null without one. */
  get firstObservedUs(): number | null {
    return this.#observed[0]?.observedUs ?? null;
  }

  /** What the figure draws; once. */
  series(index: number): FaultSeries | null {
    const fault = this.#faults[index];
    if (fault === undefined || fault === null) return null;
    return {
      intended: fault.intended.finish(MIN_SAMPLES),
      output: fault.output.finish(MIN_SAMPLES),
      points: fault.points,
    };
  }

  destroy(): void {
    this.before.destroy();
    for (const { segment } of this.#observed) segment.latency.destroy();
  }

  #latestAt(us: number): Around | null {
    return this.#observed.findLast(({ observedUs }) => observedUs < us) ?? null;
  }

  #draw(fault: Around, dueUs: number, observedUs: number): void {
    const dueAt = intervalOf(dueUs);
    const observedAt = intervalOf(observedUs);
    if (isDrawn(dueAt)) fault.intended.record(dueAt, observedUs - dueUs);
    if (isDrawn(observedAt)) fault.output.record(observedAt, observedUs - dueUs);
    if (fault.points === null || (!isDrawn(dueAt) && !isDrawn(observedAt))) return;
    if (fault.points.length < MAX_POINTS) fault.points.push({ dueUs, observedUs });
    else fault.points = null;
  }
}

function around(observedUs: number): Around {
  const segment = { latency: new LatencyHistogram(), excess: new ExcessLatency(), inFlight: 0, replayed: 0 };
  return { observedUs, segment, intended: new IntervalHistograms(), output: new IntervalHistograms(), points: [] };
}

function intervalOf(us: number): number {
  return Math.floor(us / (FIGURE_INTERVAL_MS * 1000));
}

function isDrawn(interval: number): boolean {
  return interval >= -BEFORE_INTERVALS && interval < AFTER_INTERVALS;
}
