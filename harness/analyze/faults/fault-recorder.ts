import type { FaultRecord } from "../../faults/model.ts";
import { type IntervalHistogram, IntervalHistograms } from "../../measure/interval-histograms.ts";
import { LatencyHistogram, MIN_SAMPLES } from "../../measure/latency-histogram.ts";
import { ExcessLatency } from "./excess-latency.ts";
import { FaultDrawing, type FaultSeries } from "./fault-drawing.ts";
import { OutputTimeline } from "./output-timeline.ts";
import { SloIntervals } from "./slo-intervals.ts";

/** What is known from before the first fault comes from at most so long before it. */
const BASELINE_US = 60_000_000;
/** Faults of a run of which so much is kept that they can be drawn; of the others the table has all. */
const MAX_DRAWN = 12;

/** Outputs by time from one fault on, up to the next one. */
export interface FaultSegment {
  readonly latency: { readonly maxUs: number | null; readonly p99Us: number | null; readonly n: number };
  readonly excess: ExcessLatency;
  readonly inFlight: number;
  readonly replayed: number;
  /** When the oldest output in flight was due. */
  readonly oldestInFlightUs: number | null;
  /** The latest due time of what was out at the fault. */
  readonly latestOutUs: number | null;
}

interface Around {
  readonly observedUs: number;
  /** Which strike of which fault: several processes may be struck at once. */
  readonly strike: string;
  /** Place among the observed faults in the order of time. */
  place: number;
  readonly excess: ExcessLatency;
  inFlight: number;
  replayed: number;
  oldestInFlightUs: number | null;
  /** The latest due time of what came between the fault before and this one. */
  latestOutUs: number | null;
  /** null: it is not drawn. */
  readonly drawing: FaultDrawing | null;
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
  /** In the order of time, and those of them that are drawn. */
  readonly #observed: readonly Around[];
  readonly #drawn: readonly FaultDrawing[];
  /** Latencies by place of the fault that they follow; of thousands of faults only few are open at a time. */
  readonly #after = new IntervalHistograms();
  #finished: ReadonlyMap<number, IntervalHistogram> | null = null;

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
    this.#faults = records.map((record, i) =>
      record.observedUs === null ? null : around(record, record.observedUs, i < MAX_DRAWN),
    );
    this.#observed = this.#faults.filter((fault) => fault !== null).sort((a, b) => a.observedUs - b.observedUs);
    this.#observed.forEach((fault, place) => {
      fault.place = place;
    });
    this.#drawn = this.#observed.flatMap(({ drawing }) => drawing ?? []);
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
    const latencyUs = observedUs - dueUs;
    this.slo.add(dueUs, latencyUs);
    // Faults before this place were observed before the output was.
    const place = this.#firstFrom(observedUs);
    const latest = place === 0 ? null : this.#observed[place - 1]!;
    if (latest === null) {
      if (dueUs >= this.baselineFromUs) this.before.record(latencyUs);
    } else {
      this.#after.record(latest.place, latencyUs);
      latest.excess.add(latencyUs);
    }
    this.#noteFlight(place, dueUs);
    for (const drawing of this.#drawn) drawing.onOutput(dueUs, observedUs);
  }

  /** An output that repeats one (`isCopy`), or that nobody expects: that one is no replay. */
  onStray(observedUs: number, isCopy: boolean): void {
    const isBefore = observedUs <= this.baselineToUs;
    if (isBefore) this.straysBefore++;
    if (!isCopy) return;
    const fault = this.#observed[Math.max(0, this.#firstFrom(observedUs) - 1)];
    if (!isBefore && fault !== undefined) fault.replayed++;
    for (const { counters } of this.#drawn) counters.onRepeated(observedUs);
  }

  /** So many input events were sent at this time. */
  onSent(events: number, sentUs: number): void {
    for (const { counters } of this.#drawn) counters.onSent(sentUs, events);
  }

  /** After the last output; null: the fault was not observed. */
  segment(index: number): FaultSegment | null {
    const fault = this.#faults[index] ?? null;
    if (fault === null) return null;
    this.#finished ??= new Map(this.#after.finish(MIN_SAMPLES).map((interval) => [interval.index, interval]));
    // What came after several processes were struck at once came after the last of them.
    const last = this.#observed.findLast(({ strike }) => strike === fault.strike) ?? fault;
    const after = this.#finished.get(last.place);
    const { excess, replayed } = last;
    const { inFlight, oldestInFlightUs, place } = fault;
    const out = this.#observed.slice(0, place + 1).flatMap(({ latestOutUs }) => latestOutUs ?? []);
    return {
      latency: { maxUs: after?.max ?? null, p99Us: after?.p99 ?? null, n: after?.count ?? 0 },
      ...{ excess, inFlight, replayed, oldestInFlightUs },
      latestOutUs: out.length === 0 ? null : out.reduce((a, b) => Math.max(a, b)),
    };
  }

  /** When the next fault showed after the one of this index; null when none did. What else was struck at once with it is the same fault. */
  nextAfter(index: number): number | null {
    const fault = this.#faults[index] ?? null;
    if (fault === null) return null;
    const next = this.#observed.find(
      ({ observedUs, strike }) => observedUs > fault.observedUs && strike !== fault.strike,
    );
    return next?.observedUs ?? null;
  }

  /** What the figure draws; once. */
  series(index: number): FaultSeries | null {
    const drawing = this.#faults[index]?.drawing ?? null;
    if (drawing === null) return null;
    const counts = drawing.counters.finish(this.#startUs, this.#loadEndUs, (from, length, count) =>
      this.timeline.mostOverduePer(from, length, count),
    );
    return drawing.finish(counts);
  }

  destroy(): void {
    this.before.destroy();
    if (this.#finished === null) this.#after.finish(MIN_SAMPLES);
  }

  /** How many faults were observed before `us`: place of the first one at or after it. */
  #firstFrom(us: number): number {
    let [low, high] = [0, this.#observed.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#observed[middle]!.observedUs < us) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** An output was out at the fault at `place` and all later ones, and in flight at those between its due time and that place. */
  #noteFlight(place: number, dueUs: number): void {
    const next = this.#observed[place];
    if (next !== undefined && dueUs <= next.observedUs) next.latestOutUs = Math.max(next.latestOutUs ?? dueUs, dueUs);
    for (let i = place - 1; i >= 0 && this.#observed[i]!.observedUs >= dueUs; i--) {
      const fault = this.#observed[i]!;
      fault.inFlight++;
      fault.oldestInFlightUs = Math.min(fault.oldestInFlightUs ?? dueUs, dueUs);
    }
  }
}

function around({ fault, index, strike }: FaultRecord, observedUs: number, isShown: boolean): Around {
  return {
    observedUs,
    strike: `${fault ?? index}/${strike ?? 1}`,
    place: 0,
    excess: new ExcessLatency(),
    inFlight: 0,
    replayed: 0,
    oldestInFlightUs: null,
    latestOutUs: null,
    drawing: isShown ? new FaultDrawing(observedUs) : null,
  };
}
