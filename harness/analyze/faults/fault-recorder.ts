import type { FaultRecord } from "../../faults/model.ts";
import { type IntervalHistogram, IntervalHistograms } from "../../measure/interval-histograms.ts";
import { LatencyHistogram, MIN_SAMPLES } from "../../measure/latency-histogram.ts";
import { ExcessLatency } from "./excess-latency.ts";
import { type FaultCount, FaultCounters } from "./fault-counters.ts";
import { OutputTimeline } from "./output-timeline.ts";
import { SloIntervals } from "./slo-intervals.ts";

/** What is known from before the first fault comes from at most so long before it. */
const BASELINE_US = 60_000_000;
/** The figure's intervals, and how far it looks back and ahead. */
export const FIGURE_INTERVAL_MS = 250;
const BEFORE_INTERVALS = 40;
const AFTER_INTERVALS = 240;
/** Single outputs that are kept for the figure; where there are more, the intervals say it all. */
const MAX_POINTS = 4_000;
/** Faults of a run of which so much is kept that they can be drawn; of the others the table has all. */
const MAX_DRAWN = 12;

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
  /** When the oldest output in flight was due. */
  oldestInFlightUs: number | null;
  /** The latest due time of what was out at the fault. */
  latestOutUs: number | null;
}

export interface FaultSeries {
  readonly intended: readonly IntervalHistogram[];
  readonly output: readonly IntervalHistogram[];
  /** null: too many to draw. */
  readonly points: readonly FaultPoint[] | null;
  readonly counts: readonly FaultCount[];
}

interface Around {
  readonly observedUs: number;
  readonly segment: FaultSegment;
  /** null: it is not drawn. */
  readonly drawing: Drawing | null;
}

interface Drawing {
  readonly intended: IntervalHistograms;
  readonly output: IntervalHistograms;
  readonly counters: FaultCounters;
  points: FaultPoint[] | null;
}

/** Gathers the first copies of outputs, and copies that came again, around the observed faults of one run. Order does not matter. */
export class FaultRecorder {
  readonly timeline: OutputTimeline;
  readonly before = new LatencyHistogram();
  readonly slo: SloIntervals;
  /** Records that matched no open expected row before the first fault was struck. */
  straysBefore = 0;
  /** From when on the time before the first fault is known, and when that was struck: the harness may have seen it later. */
  readonly baselineFromUs: number;
  readonly baselineToUs: number;
  readonly #faults: readonly (Around | null)[];
  readonly #observed: readonly Around[];

  readonly #startUs: number;
  readonly #loadEndUs: number;

  /** `warmUs`: end of the warm-up; `endUs`: of all observation; `sloBoundUs`: as asked for. */
  constructor(
    records: readonly FaultRecord[],
    startUs: number,
    warmUs: number,
    loadEndUs: number,
    endUs: number,
    sloBoundUs: number | null,
  ) {
    this.#startUs = startUs;
    this.#loadEndUs = loadEndUs;
    this.timeline = new OutputTimeline(startUs, endUs);
    this.slo = new SloIntervals(startUs, sloBoundUs);
    this.#faults = records.map(({ observedUs }, i) => (observedUs === null ? null : around(observedUs, i < MAX_DRAWN)));
    this.#observed = this.#faults.filter((fault) => fault !== null).sort((a, b) => a.observedUs - b.observedUs);
    const first = this.#observed[0]?.observedUs ?? endUs;
    this.baselineFromUs = Math.max(warmUs, first - BASELINE_US);
    const struck = records.flatMap(({ observedUs, injectedUs }) =>
      observedUs === null ? [] : [injectedUs ?? observedUs],
    );
    this.baselineToUs = Math.min(first, ...struck);
  }

  /** A new output, at its first observation. */
  onOutput(dueUs: number, observedUs: number): void {
    this.timeline.add(dueUs, observedUs);
    const latest = this.#latestAt(observedUs);
    const latencyUs = observedUs - dueUs;
    this.slo.add(dueUs, latencyUs);
    if (latest === null) {
      if (dueUs >= this.baselineFromUs) this.before.record(latencyUs);
    } else {
      latest.segment.latency.record(latencyUs);
      latest.segment.excess.add(latencyUs);
    }
    for (const fault of this.#observed) {
      noteFlight(fault, dueUs, observedUs);
      if (fault.drawing === null) continue;
      fault.drawing.counters.onOutput(dueUs, observedUs);
      draw(fault.drawing, dueUs - fault.observedUs, observedUs - fault.observedUs);
    }
  }

  /** An output that repeats one (`isCopy`), or that nobody expects: that one is no replay. */
  onStray(observedUs: number, isCopy: boolean): void {
    const isBefore = observedUs <= this.baselineToUs;
    if (isBefore) this.straysBefore++;
    if (!isCopy) return;
    const fault = this.#latestAt(observedUs) ?? this.#observed[0];
    if (!isBefore && fault !== undefined) fault.segment.replayed++;
    for (const { drawing } of this.#observed) drawing?.counters.onRepeated(observedUs);
  }

  /** So many input events were sent at this time. */
  onSent(events: number, sentUs: number): void {
    for (const { drawing } of this.#observed) drawing?.counters.onSent(sentUs, events);
  }

  /** null: the fault was not observed. */
  segment(index: number): FaultSegment | null {
    return this.#faults[index]?.segment ?? null;
  }

  /** When the next fault showed after this one; null when none did. */
  nextAfter(us: number): number | null {
    return this.#observed.find(({ observedUs }) => observedUs > us)?.observedUs ?? null;
  }

  /** What the figure draws; once. */
  series(index: number): FaultSeries | null {
    const fault = this.#faults[index]?.drawing ?? null;
    if (fault === null) return null;
    return {
      intended: fault.intended.finish(MIN_SAMPLES),
      output: fault.output.finish(MIN_SAMPLES),
      points: fault.points,
      counts: fault.counters.finish(this.#startUs, this.#loadEndUs, (from, length, count) =>
        this.timeline.mostOverduePer(from, length, count),
      ),
    };
  }

  destroy(): void {
    this.before.destroy();
    for (const { segment } of this.#observed) segment.latency.destroy();
  }

  #latestAt(us: number): Around | null {
    return this.#observed.findLast(({ observedUs }) => observedUs < us) ?? null;
  }
}

/** Times relative to the observed fault. */
function draw(fault: Drawing, dueUs: number, observedUs: number): void {
  const dueAt = intervalOf(dueUs);
  const observedAt = intervalOf(observedUs);
  if (isDrawn(dueAt)) fault.intended.record(dueAt, observedUs - dueUs);
  if (isDrawn(observedAt)) fault.output.record(observedAt, observedUs - dueUs);
  if (fault.points === null || (!isDrawn(dueAt) && !isDrawn(observedAt))) return;
  if (fault.points.length < MAX_POINTS) fault.points.push({ dueUs, observedUs });
  else fault.points = null;
}

function around(observedUs: number, isShown: boolean): Around {
  return {
    observedUs,
    segment: {
      latency: new LatencyHistogram(),
      excess: new ExcessLatency(),
      inFlight: 0,
      replayed: 0,
      oldestInFlightUs: null,
      latestOutUs: null,
    },
    drawing: isShown
      ? {
          intended: new IntervalHistograms(),
          output: new IntervalHistograms(),
          counters: new FaultCounters(observedUs),
          points: [],
        }
      : null,
  };
}

/** Whether this output was out or in flight when the fault struck. */
function noteFlight({ observedUs: faultUs, segment }: Around, dueUs: number, observedUs: number): void {
  if (dueUs > faultUs) return;
  if (observedUs <= faultUs) segment.latestOutUs = Math.max(segment.latestOutUs ?? dueUs, dueUs);
  else {
    segment.inFlight++;
    segment.oldestInFlightUs = Math.min(segment.oldestInFlightUs ?? dueUs, dueUs);
  }
}

function intervalOf(us: number): number {
  return Math.floor(us / (FIGURE_INTERVAL_MS * 1000));
}

function isDrawn(interval: number): boolean {
  return interval >= -BEFORE_INTERVALS && interval < AFTER_INTERVALS;
}
