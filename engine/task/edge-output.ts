import { assert } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { OutputHash } from "../replication/output-hash.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import { BinaryRowWriter } from "../rows/binary.ts";
import type { RowSchema } from "../rows/schema.ts";
import type { OutputChannel } from "./output-channel.ts";
import type { Partitioner } from "./partitioner.ts";

/** Rows of one outgoing edge: partitioned, gathered per logical channel, sealed at `bufferBytes`. */
export class EdgeOutput {
  readonly edge: number;
  readonly channels: readonly OutputChannel[];
  readonly #partitioner: Partitioner;
  readonly #writers: readonly BinaryRowWriter[];
  readonly #bufferBytes: number;
  /** By channel; null: the sender has no replicas to compare it with. */
  readonly #hashes: readonly OutputHash[] | null;
  /** Payload bytes sealed so far. */
  #bytesOut = 0;

  constructor(
    edge: number,
    channels: readonly OutputChannel[],
    partitioner: Partitioner,
    schema: RowSchema,
    bufferBytes: number,
    hashes: readonly OutputHash[] | null = null,
  ) {
    assert(channels.length >= 1 && bufferBytes > 0, "an edge needs channels and a buffer size");
    this.edge = edge;
    this.channels = channels;
    this.#partitioner = partitioner;
    // A row is appended before its size is known to pass the limit: the slack spares the last one a doubling.
    this.#writers = channels.map(() => new BinaryRowWriter(schema, bufferBytes + 512));
    this.#bufferBytes = bufferBytes;
    this.#hashes = hashes;
  }

  get bytesOut(): number {
    return this.#bytesOut;
  }

  emit(batch: ColumnBatch): void {
    const { selection, selectedCount } = batch;
    if (this.#partitioner.kind === "all") {
      for (let channel = 0; channel < this.#writers.length; channel++) {
        for (let index = 0; index < selectedCount; index++) this.#append(channel, batch, selection[index]!);
      }
      return;
    }
    for (let index = 0; index < selectedCount; index++) {
      const row = selection[index]!;
      this.#append(this.#partitioner.channelOf(batch, row), batch, row);
    }
  }

  /** Seals what is gathered. */
  flush(): void {
    for (let channel = 0; channel < this.#writers.length; channel++) this.#seal(channel);
  }

  /** Flush first: gathered rows are not part of it. */
  snapshot(writer: SnapshotWriter, unacknowledged: boolean): void {
    writer.u32(this.#partitioner.kind === "one" ? this.#partitioner.position : 0);
    for (const [index, channel] of this.channels.entries()) {
      assert(this.#writers[index]!.count === 0, "snapshot of an unflushed edge");
      channel.snapshot(writer, unacknowledged);
    }
  }

  restore(reader: SnapshotReader): void {
    const position = reader.u32();
    if (this.#partitioner.kind === "one") this.#partitioner.position = position;
    for (const channel of this.channels) channel.restore(reader);
  }

  #append(channel: number, batch: ColumnBatch, row: number): void {
    const writer = this.#writers[channel]!;
    writer.append(batch, row);
    if (writer.byteLength >= this.#bufferBytes) this.#seal(channel);
  }

  #seal(channel: number): void {
    const writer = this.#writers[channel]!;
    const { count } = writer;
    if (count === 0) return;
    const payload = writer.take();
    this.#bytesOut += payload.length;
    this.#hashes?.[channel]?.records(payload);
    this.channels[channel]!.sealRecords(payload, count);
  }
}
