import { assert } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";

/** What a channel says instead of a watermark when it is idle: nobody must wait for it until it says a time again. */
export const IDLE_WATERMARK = Number.NaN;

/**
 * Event time of a task: the minimum over the logical channels of each input, then over the inputs, which is the minimum over all
 * channels. A channel without watermark holds it back (−Infinity); one that has ended (+Infinity) or is idle does not. Never moves back.
 */
export class WatermarkTracker {
  readonly #channels: Float64Array;
  readonly #idle: Uint8Array;
  #minimum = Number.NEGATIVE_INFINITY;

  constructor(channels: number) {
    this.#channels = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY);
    this.#idle = new Uint8Array(channels);
  }

  get minimum(): number {
    return this.#minimum;
  }

  /** All channels that have not ended are idle, and there is one. */
  get idle(): boolean {
    let some = false;
    for (let index = 0; index < this.#channels.length; index++) {
      if (this.#idle[index] === 1) some = true;
      else if (this.#channels[index] !== Number.POSITIVE_INFINITY) return false;
    }
    return some;
  }

  /** Notes the channel's watermark, or that it is idle; true when the task's watermark has advanced. */
  update(channel: number, timeMs: number): boolean {
    assert(channel >= 0 && channel < this.#channels.length, "unknown channel", { channel });
    const before = this.#channels[channel]!;
    const wasIdle = this.#idle[channel] === 1;
    if (Number.isNaN(timeMs)) {
      this.#idle[channel] = 1;
      return !wasIdle && before <= this.#minimum && this.#advance();
    }
    this.#idle[channel] = 0;
    this.#channels[channel] = Math.max(before, timeMs);
    if (!wasIdle && (timeMs <= before || before > this.#minimum)) return false;
    return this.#advance();
  }

  snapshot(writer: SnapshotWriter): void {
    writer.f64(this.#minimum);
    for (const timeMs of this.#channels) writer.f64(timeMs);
    writer.bytes(this.#idle);
  }

  restore(reader: SnapshotReader): void {
    this.#minimum = reader.f64();
    for (let index = 0; index < this.#channels.length; index++) this.#channels[index] = reader.f64();
    this.#idle.set(reader.bytes());
  }

  /** Takes the minimum over the channels that are not idle; while all that have not ended are, it stays. */
  #advance(): boolean {
    if (this.idle) return false;
    let minimum = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.#channels.length; index++) {
      if (this.#idle[index] === 0) minimum = Math.min(minimum, this.#channels[index]!);
    }
    if (minimum <= this.#minimum) return false;
    this.#minimum = minimum;
    return true;
  }
}
