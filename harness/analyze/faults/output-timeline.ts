const SLOT_US = 1000;
/** Overdue outputs are known at the ends of these. */
export const TIMELINE_STEP_US = 10_000;
/** Longest timeline that is kept, 24 h: about 400 MB; runs are minutes. */
const MAX_SLOTS = 86_400_000;

export interface Gap {
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * When new outputs were due and came, for whole runs of any number of outputs, added in any order: per millisecond the first and the last
 * one exactly, and how many per 10 ms. Times are monotonic µs; outputs outside of [start, end] are left out.
 */
export class OutputTimeline {
  readonly #startUs: number;
  readonly #endUs: number;
  /** µs inside the slot, plus 1; 0 = no output. */
  readonly #first: Uint16Array;
  readonly #last: Uint16Array;
  readonly #due: Uint32Array;
  readonly #came: Uint32Array;

  constructor(startUs: number, endUs: number) {
    this.#startUs = startUs;
    const slots = Math.min(MAX_SLOTS, Math.max(1, Math.ceil((endUs - startUs) / SLOT_US) + 1));
    this.#endUs = startUs + slots * SLOT_US - 1;
    this.#first = new Uint16Array(slots);
    this.#last = new Uint16Array(slots);
    const steps = Math.ceil((slots * SLOT_US) / TIMELINE_STEP_US);
    this.#due = new Uint32Array(steps);
    this.#came = new Uint32Array(steps);
  }

  add(dueUs: number, observedUs: number): void {
    if (dueUs < this.#startUs || observedUs < this.#startUs || observedUs > this.#endUs || dueUs > this.#endUs) return;
    const at = observedUs - this.#startUs;
    const slot = Math.floor(at / SLOT_US);
    const within = (at % SLOT_US) + 1;
    if (this.#first[slot] === 0 || within < this.#first[slot]!) this.#first[slot] = within;
    if (within > this.#last[slot]!) this.#last[slot] = within;
    this.#due[this.#step(dueUs)]!++;
    this.#came[this.#step(observedUs)]!++;
  }

  /** Time of the first output after `us`, null when there is none. */
  firstAfter(us: number): number | null {
    for (let slot = this.#slot(us); slot < this.#first.length; slot++) {
      const [first, last] = this.#bounds(slot);
      if (first !== null && first > us) return first;
      if (last !== null && last > us) return last;
    }
    return null;
  }

  /** Time of the last output at or before `us`, null when there is none. */
  lastUpTo(us: number): number | null {
    for (let slot = this.#slot(us); slot >= 0; slot--) {
      const [first, last] = this.#bounds(slot);
      if (last !== null && last <= us) return last;
      if (first !== null && first <= us) return first;
    }
    return null;
  }

  /** The longest time between two outputs one after the other, of those that end after `fromUs` and by `endUs`, and begin before `untilUs`. */
  longestGap(fromUs: number, untilUs: number, endUs = Number.POSITIVE_INFINITY): Gap | null {
    let longest: Gap | null = null;
    let before = this.lastUpTo(fromUs) ?? this.#startUs;
    const take = (us: number) => {
      if (before < untilUs && us <= endUs && (longest === null || us - before > longest.toUs - longest.fromUs)) {
        longest = { fromUs: before, toUs: us };
      }
      before = us;
    };
    for (let slot = this.#slot(before); slot < this.#first.length && before < untilUs; slot++) {
      const [first, last] = this.#bounds(slot);
      if (first !== null && first > before) take(first);
      if (last !== null && last > before) take(last);
    }
    return longest;
  }

  /** Most outputs that were overdue (due, not there yet) at the ends of the 10 ms steps of [fromUs, toUs); null when it has none. */
  mostOverdue(fromUs: number, toUs: number): number | null {
    let most: number | null = null;
    this.#walk((endUs, overdue) => {
      if (endUs > fromUs && endUs <= toUs && overdue > (most ?? -1)) most = overdue;
    });
    return most;
  }

  /**
   * The first time from `fromUs` on from which at most `limit` outputs are overdue for `holdUs` (to within a step) and until `throughUs`,
   * which is over by `toUs`; null when none.
   */
  settledAfter(fromUs: number, limit: number, holdUs: number, toUs: number, throughUs = fromUs): number | null {
    let since: number | null = null;
    let found: number | null = null;
    this.#walk((endUs, overdue) => {
      if (found !== null || endUs < fromUs || endUs > toUs) return;
      if (overdue > limit) since = null;
      else since ??= endUs;
      const isHeld = since !== null && endUs - since + TIMELINE_STEP_US >= holdUs;
      if (isHeld && endUs + TIMELINE_STEP_US > throughUs) found = since;
    });
    return found;
  }

  /** The most that were overdue at the ends of the 10 ms steps in each of `count` intervals from `fromUs` on; 0 where there is none. */
  mostOverduePer(fromUs: number, lengthUs: number, count: number): number[] {
    const most = new Array<number>(count).fill(0);
    this.#walk((endUs, overdue) => {
      const interval = Math.ceil((endUs - fromUs) / lengthUs) - 1;
      if (interval >= 0 && interval < count && overdue > most[interval]!) most[interval] = overdue;
    });
    return most;
  }

  /** How fast the overdue outputs grew, outputs/s: least squares over the 10 ms steps in [fromUs, toUs]; null with fewer than three. */
  overdueSlope(fromUs: number, toUs: number): number | null {
    let [n, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0];
    this.#walk((endUs, overdue) => {
      if (endUs < fromUs || endUs > toUs) return;
      const second = (endUs - fromUs) / 1e6;
      n++;
      sumX += second;
      sumY += overdue;
      sumXX += second * second;
      sumXY += second * overdue;
    });
    return n < 3 ? null : (n * sumXY - sumX * sumY) / (n * sumXX - sumX * sumX);
  }

  #walk(visit: (endUs: number, overdue: number) => void): void {
    let overdue = 0;
    for (let step = 0; step < this.#due.length; step++) {
      overdue += this.#due[step]! - this.#came[step]!;
      visit(this.#startUs + (step + 1) * TIMELINE_STEP_US, overdue);
    }
  }

  #slot(us: number): number {
    return Math.max(0, Math.min(this.#first.length - 1, Math.floor((us - this.#startUs) / SLOT_US)));
  }

  #step(us: number): number {
    return Math.floor((us - this.#startUs) / TIMELINE_STEP_US);
  }

  #bounds(slot: number): readonly [number | null, number | null] {
    if (this.#first[slot] === 0) return [null, null];
    const base = this.#startUs + slot * SLOT_US - 1;
    return [base + this.#first[slot]!, base + this.#last[slot]!];
  }
}
