import { assert } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";

/**
 * Event time of a task: the minimum over the logical channels of each input, then over the inputs, which is the minimum over all
 * channels. A channel without watermark holds it back (−Infinity); an ended channel does not (+Infinity). Never moves back.
 */
export class WatermarkTracker {
  readonly #channels: Float64Array;
  #minimum = Number.NEGATIVE_INFINITY;

  constructor(channels: number) {
    this.#channels = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY);
  }

  get minimum(): number {
    return this.#minimum;
  }

  /** Notes the channel's watermark; true when the task's watermark has advanced. */
  update(channel: number, timeMs: number): boolean {
    assert(channel >= 0 && channel < this.#channels.length, "unknown channel", { channel });
    const before = this.#channels[channel]!;
    if (timeMs <= before) return false;
    this.#channels[channel] = timeMs;
    if (before > this.#minimum) return false;
    let minimum = timeMs;
    for (let index = 0; index < this.#channels.length; index++) {
      minimum = Math.min(minimum, this.#channels[index]!);
    }
    if (minimum <= this.#minimum) return false;
    this.#minimum = minimum;
    return true;
  }

  snapshot(writer: SnapshotWriter): void {
    writer.f64(this.#minimum);
    for (const timeMs of this.#channels) writer.f64(timeMs);
  }

  restore(reader: SnapshotReader): void {
    this.#minimum = reader.f64();
    for (let index = 0; index < this.#channels.length; index++) this.#channels[index] = reader.f64();
  }
}
