import type { EngineStamps, readEngineStamps } from "../measure/engine-latency-log.ts";
import { IntervalHistograms } from "../measure/interval-histograms.ts";
import { LatencyHistogram } from "../measure/latency-histogram.ts";
import type { Observation } from "../measure/observation.ts";
import type { RunRecord } from "../sweep/model.ts";
import type { Match } from "../verify/match.ts";
import type { SentTimes } from "./sent-times.ts";
import type { MeasuredWindow } from "./window.ts";

const US_PER_SECOND = 1_000_000;

/** Latencies whose intervals are kept, by the tag they have in `hist/*.hlog`. */
export const TAGS = [
  "e2e-intended",
  "e2e-output",
  "uncorrected",
  "residence",
  "engine",
  "generator-lag",
  "observer-lag",
  "committed-intended",
  "committed-output",
] as const;
export type Tag = (typeof TAGS)[number];

/** Monotonic µs; `toUs` is outside. */
export interface TimeSpan {
  readonly fromUs: number;
  readonly toUs: number;
}

/** One output's times, ms since the epoch, with decimals. */
export interface StampedOutput extends EngineStamps {
  readonly dueMs: number;
  readonly observedMs: number;
}

/**
 * Turns matched outputs into histograms: in whole for the measured window, and per second of the schedule for the whole run.
 * Interval 0 begins at the first due time. All values µs.
 */
export class RunRecorder {
  readonly latency = new LatencyHistogram();
  readonly uncorrected = new LatencyHistogram();
  readonly residence = new LatencyHistogram();
  /** What the engine itself says of the outputs' way through it. */
  readonly engine = new LatencyHistogram();
  readonly generatorLag = new LatencyHistogram();
  readonly observerLag = new LatencyHistogram();
  /** Both lags without the times in which the broker was struck on purpose, only where it was: by these the instruments are judged. */
  readonly judgedGeneratorLag = new LatencyHistogram();
  readonly judgedObserverLag = new LatencyHistogram();
  /** As readers of committed data saw the outputs. */
  readonly committed = new LatencyHistogram();
  /** Outputs that became visible to them in each second. */
  readonly committedOutputs: number[] = [];
  /** Every matched output with the engine's stamps. */
  readonly stamped: StampedOutput[] = [];
  readonly intervals: Readonly<Record<Tag, IntervalHistograms>>;
  /** Outputs observed in each second, and in the measured window. */
  readonly outputs: number[] = [];
  outputsInWindow = 0;
  /** Events sent in each second and in the measured window; null when the feeder left no times. */
  readonly inputs: number[] = [];
  inputsInWindow: number | null = null;
  readonly #record: RunRecord;
  readonly #window: MeasuredWindow | null;
  readonly #dueUs: (eventIndex: number) => number;
  readonly #sent: SentTimes | null;
  readonly #windows: boolean;
  readonly #engineStamps: ReturnType<typeof readEngineStamps>;
  readonly #brokerAway: readonly TimeSpan[];
  /** Whether the judged lags differ from the others. */
  readonly #judges: boolean;
  readonly #offsetUs: number;
  readonly #offsetSlope: number;

  constructor(
    record: RunRecord,
    window: MeasuredWindow | null,
    dueUs: (eventIndex: number) => number,
    sent: SentTimes | null,
    windowed: boolean,
    engineStamps: ReturnType<typeof readEngineStamps> = null,
    brokerAway: readonly TimeSpan[] = [],
  ) {
    this.#brokerAway = brokerAway;
    this.#judges = brokerAway.length > 0;
    this.#engineStamps = engineStamps;
    this.#record = record;
    this.#window = window;
    this.#dueUs = dueUs;
    this.#sent = sent;
    this.#windows = windowed;
    this.intervals = Object.fromEntries(TAGS.map((tag) => [tag, new IntervalHistograms()])) as Record<
      Tag,
      IntervalHistograms
    >;
    const endUs = Math.max(record.startUs + 1, ...record.phases.map((phase) => phase.endUs));
    this.#offsetUs = record.clockOffsetUs.start;
    this.#offsetSlope = (record.clockOffsetUs.end - record.clockOffsetUs.start) / (endUs - record.startUs);
  }

  onObservation(o: Observation): void {
    const second = this.#second(o.observedUs);
    count(this.outputs, second, 1);
    const measured = this.#inWindow(o.observedUs);
    if (measured) this.outputsInWindow++;
    const lagUs = Math.round(this.#wallUs(o.observedUs) - (this.#record.startWallMs + o.appendMs) * 1000);
    this.intervals["observer-lag"].record(second, lagUs);
    if (!measured) return;
    this.observerLag.record(lagUs);
    if (this.#judges && !this.#isAway(o.observedUs)) this.judgedObserverLag.record(lagUs);
  }

  onMatch(match: Match): void {
    if (match.trigger === null) return;
    const { observedUs } = match.observation;
    const dueUs = this.#dueUs(match.trigger);
    const latencyUs = observedUs - dueUs;
    const dueSecond = this.#second(dueUs);
    const measured = this.#inWindow(dueUs);
    this.intervals["e2e-intended"].record(dueSecond, latencyUs);
    this.intervals["e2e-output"].record(this.#second(observedUs), latencyUs);
    if (measured) this.latency.record(latencyUs);
    const sentUs = this.#sent?.sentUs(match.trigger) ?? null;
    if (sentUs !== null) {
      this.intervals.uncorrected.record(dueSecond, observedUs - sentUs);
      if (measured) this.uncorrected.record(observedUs - sentUs);
    }
    const stamps = this.#engineStamps?.(match.ordinal) ?? null;
    if (stamps !== null) {
      const engineUs = Math.round((stamps.sentMs - stamps.receivedMs) * 1000);
      this.intervals.engine.record(dueSecond, engineUs);
      if (measured) this.engine.record(engineUs);
      this.stamped.push({ dueMs: this.#wallUs(dueUs) / 1000, ...stamps, observedMs: this.#wallUs(observedUs) / 1000 });
    }
    if (!this.#windows) return;
    const residenceUs = observedUs - this.#dueUs(match.lastInput);
    this.intervals.residence.record(dueSecond, residenceUs);
    if (measured) this.residence.record(residenceUs);
  }

  onCommittedObservation({ observedUs }: Observation): void {
    count(this.committedOutputs, this.#second(observedUs), 1);
  }

  onCommittedMatch({ trigger, observation: { observedUs } }: Match): void {
    if (trigger === null) return;
    const dueUs = this.#dueUs(trigger);
    const latencyUs = observedUs - dueUs;
    this.intervals["committed-intended"].record(this.#second(dueUs), latencyUs);
    this.intervals["committed-output"].record(this.#second(observedUs), latencyUs);
    if (this.#inWindow(dueUs)) this.committed.record(latencyUs);
  }

  /** Generator lag and achieved input, from the feeder's own times. */
  readSentTimes(): void {
    if (this.#sent === null) return;
    this.inputsInWindow = 0;
    this.#sent.forEach((first, end, sentUs) => {
      count(this.inputs, this.#second(sentUs), end - first);
      if (this.#inWindow(sentUs)) this.inputsInWindow! += end - first;
      for (let index = first; index < end; index++) {
        const dueUs = this.#dueUs(index);
        this.intervals["generator-lag"].record(this.#second(dueUs), sentUs - dueUs);
        if (!this.#inWindow(dueUs)) continue;
        this.generatorLag.record(sentUs - dueUs);
        if (this.#judges && !this.#isAway(dueUs)) this.judgedGeneratorLag.record(sentUs - dueUs);
      }
    });
  }

  /** Frees the histograms. */
  destroy(): void {
    const { latency, uncorrected, residence, engine, committed } = this;
    const { generatorLag, observerLag, judgedGeneratorLag, judgedObserverLag } = this;
    const lags = [generatorLag, observerLag, judgedGeneratorLag, judgedObserverLag];
    for (const histogram of [latency, uncorrected, residence, engine, committed, ...lags]) histogram.destroy();
  }

  /** µs since the epoch. */
  #wallUs(atUs: number): number {
    return atUs - (this.#offsetUs + this.#offsetSlope * (atUs - this.#record.startUs));
  }

  #second(atUs: number): number {
    return Math.max(0, Math.floor((atUs - this.#record.startUs) / US_PER_SECOND));
  }

  #isAway(atUs: number): boolean {
    return this.#brokerAway.some(({ fromUs, toUs }) => atUs >= fromUs && atUs < toUs);
  }

  #inWindow(atUs: number): boolean {
    return this.#window !== null && atUs >= this.#window.fromUs && atUs < this.#window.toUs;
  }
}

function count(perSecond: number[], second: number, n: number): void {
  while (perSecond.length <= second) perSecond.push(0);
  perSecond[second]! += n;
}
