/**
 * When windows fire, known from data and partitioning alone (nexmark-queries, section 1): the watermark of a partition is its
 * largest event time so far less the delay, −infinity before its first event; the minimum over the partitions counts.
 * Kept as the steps of that minimum, so that any watermark can be looked up after the data set has been walked.
 */
export class WatermarkSteps {
  readonly #delayMs: number;
  readonly #latestMs: Float64Array;
  #minimumMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #levels = new Float64Array(1024);
  #indexes = new Float64Array(1024);

  constructor(partitions: number, delayMs: number) {
    this.#delayMs = delayMs;
    this.#latestMs = new Float64Array(partitions).fill(Number.NEGATIVE_INFINITY);
  }

  /** The next event, in event order. */
  onEvent(partition: number, eventTimeMs: number, index: number): void {
    const before = this.#latestMs[partition]!;
    if (eventTimeMs <= before) return;
    this.#latestMs[partition] = eventTimeMs;
    if (before !== this.#minimumMs) return; // another partition holds the minimum
    let minimum = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#latestMs.length; i++) minimum = Math.min(minimum, this.#latestMs[i]!);
    if (minimum === this.#minimumMs) return;
    this.#minimumMs = minimum;
    this.#append(minimum - this.#delayMs, index);
  }

  /** Index of the first event after which the minimum watermark is at least `watermarkMs`; null when none moves it there. */
  firstReaching(watermarkMs: number): number | null {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#levels[middle]! >= watermarkMs) high = middle;
      else low = middle + 1;
    }
    return low === this.#count ? null : this.#indexes[low]!;
  }

  /** Index of the event that fires the window ending at `windowEndMs`; null when only the end of input does. */
  endOfWindow(windowEndMs: number): number | null {
    return this.firstReaching(windowEndMs - 1);
  }

  #append(level: number, index: number): void {
    if (this.#count === this.#levels.length) {
      this.#levels = grown(this.#levels);
      this.#indexes = grown(this.#indexes);
    }
    this.#levels[this.#count] = level;
    this.#indexes[this.#count] = index;
    this.#count++;
  }
}

function grown(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
