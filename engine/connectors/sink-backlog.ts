import { grownBytes } from "../rows/bytes.ts";

/** A backlog of this size keeps its buffer when it is empty again; a larger one gives it back. */
const KEPT_BYTES = 1024 * 1024;

/** Encoded rows that the log would not take yet, in order. One step of a task may make more rows than a log's buffer holds. */
export class SinkBacklog {
  bytes: Uint8Array = new Uint8Array(0);
  readonly #ends: number[] = [];
  readonly #timestampsMs: number[] = [];
  #first = 0;

  get isEmpty(): boolean {
    return this.#first === this.#ends.length;
  }

  /** Copies `source[start, end)`. */
  push(source: Uint8Array, start: number, end: number, timestampMs: number): void {
    const length = end - start;
    const at = this.#ends.at(-1) ?? 0;
    if (at + length > this.bytes.length) this.bytes = grownBytes(this.bytes, at, at + length);
    this.bytes.set(source.subarray(start, end), at);
    this.#ends.push(at + length);
    this.#timestampsMs.push(timestampMs);
  }

  /** Where the oldest row lies in `bytes`, and its time. */
  get start(): number {
    return this.#ends[this.#first - 1] ?? 0;
  }

  get end(): number {
    return this.#ends[this.#first]!;
  }

  get timestampMs(): number {
    return this.#timestampsMs[this.#first]!;
  }

  /** Forgets the oldest row. */
  shift(): void {
    this.#first++;
    if (!this.isEmpty) return;
    this.#ends.length = 0;
    this.#timestampsMs.length = 0;
    this.#first = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = new Uint8Array(0);
  }
}
