import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { LogSourceSupplier, RecordValues } from "../../engine/connectors/source-supplier.ts";
import type { DataSet, EventCursor } from "../../generators/dataset.ts";

/** Bytes of events that may wait for partitions that are read more slowly than others. */
const MAX_WAITING_BYTES = 512 * 1024 * 1024;
const START_BYTES = 256 * 1024;
const START_VALUES = 1024;

/**
 * The wire values of a data set as a log, made when they are read. The events are generated once, in order; each partition is read
 * once, from its beginning. How many a partition has is counted by walking the data set once more, without writing values.
 */
export class GeneratorSupplier implements LogSourceSupplier {
  readonly partitions: number;
  readonly #ends: Float64Array;
  readonly #cursor: EventCursor<unknown>;
  readonly #queues: readonly ValueQueue[];

  constructor(dataSet: DataSet<unknown>) {
    this.partitions = dataSet.partitions;
    this.#ends = eventsByPartition(dataSet);
    this.#cursor = dataSet.open();
    this.#queues = Array.from({ length: dataSet.partitions }, () => new ValueQueue());
  }

  endOffset(partition: number): number {
    return this.#ends[partition]!;
  }

  read(partition: number, offset: number, maxRecords: number): RecordValues {
    const queue = this.#queues[partition];
    assert(queue !== undefined && offset === queue.nextOffset, "a generated log is read in order", {
      partition,
      offset,
    });
    while (queue.count < maxRecords && this.#cursor.advance()) this.#queues[this.#cursor.partition]!.push(this.#cursor);
    return queue.take(Math.min(maxRecords, queue.count));
  }
}

function eventsByPartition(dataSet: DataSet<unknown>): Float64Array {
  if (dataSet.partitions === 1) return Float64Array.of(dataSet.events);
  const counts = new Float64Array(dataSet.partitions);
  for (const cursor = dataSet.open(); cursor.advance(); ) counts[cursor.partition]! += 1;
  return counts;
}

/** Values of one partition that are made and not read yet. What was taken is never written over. */
class ValueQueue {
  #bytes = new Uint8Array(START_BYTES);
  #offsets = new Int32Array(START_VALUES);
  #first = 0;
  #end = 0;
  #taken = 0;

  get count(): number {
    return this.#end - this.#first;
  }

  get nextOffset(): number {
    return this.#taken;
  }

  push(cursor: EventCursor<unknown>): void {
    const full = this.#end + 2 > this.#offsets.length;
    if (full || this.#offsets[this.#end]! + cursor.maxWireBytes > this.#bytes.length) this.#move(cursor.maxWireBytes);
    const at = this.#offsets[this.#end]!;
    this.#offsets[++this.#end] = cursor.writeWire(this.#bytes, at);
  }

  /** The next `count` values. */
  take(count: number): RecordValues {
    const offsets = this.#offsets.subarray(this.#first, this.#first + count + 1);
    this.#first += count;
    this.#taken += count;
    return { bytes: this.#bytes, count, offsets };
  }

  /** Takes what waits to the beginning of new arrays, with room for as much again. */
  #move(roomBytes: number): void {
    const start = this.#offsets[this.#first]!;
    const waiting = this.#bytes.subarray(start, this.#offsets[this.#end]);
    if (waiting.length > MAX_WAITING_BYTES) {
      throw new FaultlineError("run-failed", "one partition is read much faster than the others", {
        hint: "use fewer partitions",
      });
    }
    const bytes = new Uint8Array(Math.max(START_BYTES, 2 * (waiting.length + roomBytes)));
    bytes.set(waiting);
    const count = this.count;
    const offsets = new Int32Array(Math.max(START_VALUES, 2 * (count + 2)));
    for (let i = 0; i <= count; i++) offsets[i] = this.#offsets[this.#first + i]! - start;
    this.#bytes = bytes;
    this.#offsets = offsets;
    this.#first = 0;
    this.#end = count;
  }
}
