/** Length of the intervals of the throughput figure: short enough that the peak of a catch-up stands out. */
export const COUNTER_INTERVAL_MS = 100;
const INTERVAL_US = COUNTER_INTERVAL_MS * 1000;
/** How far it looks back and ahead, intervals. */
const BEFORE = 100;
const AFTER = 600;

/** One interval around a fault; counts of the interval, and its greatest backlog. */
export interface FaultCount {
  /** Of the interval's begin, relative to the observed fault. */
  readonly fromMs: number;
  /** Input events sent in it; null when the feeder left no times. */
  readonly sent: number | null;
  readonly due: number;
  /** New outputs that came in it. */
  readonly came: number;
  /** Copies of outputs that were out already. */
  readonly repeated: number;
  /** Most outputs that were due and not there; of those that came at all. */
  readonly backlog: number;
}

/** Counts per 100 ms around one fault, added in any order. */
export class FaultCounters {
  readonly #observedUs: number;
  readonly #due = new Float64Array(BEFORE + AFTER);
  readonly #came = new Float64Array(BEFORE + AFTER);
  readonly #repeated = new Float64Array(BEFORE + AFTER);
  readonly #sent = new Float64Array(BEFORE + AFTER);
  #knowsSent = false;

  constructor(observedUs: number) {
    this.#observedUs = observedUs;
  }

  onOutput(dueUs: number, observedUs: number): void {
    this.#add(this.#due, dueUs, 1);
    this.#add(this.#came, observedUs, 1);
  }

  onRepeated(observedUs: number): void {
    this.#add(this.#repeated, observedUs, 1);
  }

  onSent(sentUs: number, events: number): void {
    this.#knowsSent = true;
    this.#add(this.#sent, sentUs, events);
  }

  /**
   * The intervals that lie in [startUs, endUs] as a whole. `backlogOf` gives the greatest backlog of each of `count` intervals from a
   * time on.
   */
  finish(
    startUs: number,
    endUs: number,
    backlogOf: (fromUs: number, lengthUs: number, count: number) => readonly number[],
  ): readonly FaultCount[] {
    const first = Math.max(0, BEFORE - Math.floor((this.#observedUs - startUs) / INTERVAL_US));
    const end = Math.min(BEFORE + AFTER, BEFORE + Math.floor((endUs - this.#observedUs) / INTERVAL_US));
    const count = Math.max(0, end - first);
    const backlog = backlogOf(this.#observedUs + (first - BEFORE) * INTERVAL_US, INTERVAL_US, count);
    return Array.from({ length: count }, (_, nth) => ({
      fromMs: (first + nth - BEFORE) * COUNTER_INTERVAL_MS,
      sent: this.#knowsSent ? this.#sent[first + nth]! : null,
      due: this.#due[first + nth]!,
      came: this.#came[first + nth]!,
      repeated: this.#repeated[first + nth]!,
      backlog: backlog[nth]!,
    }));
  }

  #add(counts: Float64Array, atUs: number, n: number): void {
    const interval = BEFORE + Math.floor((atUs - this.#observedUs) / INTERVAL_US);
    if (interval >= 0 && interval < counts.length) counts[interval]! += n;
  }
}
