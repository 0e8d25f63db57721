import { hash64, lastHash } from "../../base/hash.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowEncoder } from "./format.ts";
import { NO_SINK_STATE, type Sink } from "./sink.ts";
import { SinkRowBuffer } from "./sink-row-buffer.ts";

/**
 * Encodes rows, adds their hashes and counts them: all the work of a sink but the writing. The sums do not depend on order, so they
 * compare whole runs.
 */
export class DiscardSink implements Sink {
  readonly blocked = false;
  readonly settled = true;
  readonly committed = true;
  readonly #buffer: SinkRowBuffer;
  readonly #take = (bytes: Uint8Array, start: number, end: number): void => this.#add(bytes, start, end);
  #rows = 0;
  #bytes = 0;
  #sumHigh = 0;
  #sumLow = 0;

  constructor(encoder: RowEncoder) {
    this.#buffer = new SinkRowBuffer(encoder);
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  start(): void {}

  emit(batch: ColumnBatch): void {
    this.#buffer.encode(batch, this.#take);
    this.#rows += batch.selectedCount;
  }

  endStep(): void {}

  prepare(_checkpointId: number, done: (state: Uint8Array) => void): void {
    done(NO_SINK_STATE);
  }

  commit(_checkpointId: number): void {}

  abandon(): void {}

  counters(): Readonly<Record<string, number>> {
    return { discarded: this.#rows, checksumHigh: this.#sumHigh, checksumLow: this.#sumLow };
  }

  /** The counts are of one execution. */
  restore(_state: Uint8Array): void {}

  close(): void {}

  #add(bytes: Uint8Array, start: number, end: number): void {
    hash64(bytes, start, end);
    this.#sumHigh = (this.#sumHigh + lastHash.high) >>> 0;
    this.#sumLow = (this.#sumLow + lastHash.low) >>> 0;
    this.#bytes += end - start;
  }
}
