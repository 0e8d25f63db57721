import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { Log, LogAddress, LogWriter } from "../ports.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowEncoder } from "./format.ts";
import type { Sink, SinkHost } from "./sink.ts";
import { SinkBacklog } from "./sink-backlog.ts";
import { SinkRowBuffer, type TakeRow } from "./sink-row-buffer.ts";

export interface LogSinkSettings {
  readonly address: LogAddress;
  readonly partitions: number;
  readonly instance: number;
  readonly encoder: RowEncoder;
}

interface Prepared {
  /** Rows that must be durable first, counted from the start. */
  readonly rows: number;
  readonly done: () => void;
}

/** Writes every row as one record to partition (instance mod partitions) of a log; at-least-once. */
export class LogSink implements Sink {
  readonly #settings: LogSinkSettings;
  readonly #log: Log;
  readonly #host: SinkHost;
  readonly #partition: number;
  readonly #buffer: SinkRowBuffer;
  readonly #take: TakeRow = (bytes, start, end, row) => this.#append(bytes, start, end, row);
  /** Rows of the step that filled the log's buffer, while it is full. */
  readonly #backlog = new SinkBacklog();
  #writer: LogWriter | null = null;
  #blocked = false;
  #rows = 0;
  #bytes = 0;
  #durable = 0;
  #prepared: Prepared[] = [];
  /** Of the batch that is being written. */
  #eventTimes: Float64Array = new Float64Array(0);

  constructor(settings: LogSinkSettings, log: Log, host: SinkHost) {
    assert(settings.partitions > 0, "a log has partitions");
    this.#settings = settings;
    this.#log = log;
    this.#host = host;
    this.#partition = settings.instance % settings.partitions;
    this.#buffer = new SinkRowBuffer(settings.encoder);
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  get settled(): boolean {
    return this.#durable === this.#rows;
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  start(): void {
    this.#writer = this.#log.openWriter(this.#settings.address, [this.#partition], {
      onAcknowledged: (partition, count) => this.#onAcknowledged(partition, count),
      onDrain: () => this.#onDrain(),
      onError: (error) => this.#host.fail(error),
    });
  }

  emit(batch: ColumnBatch): void {
    assert(this.#writer !== null, "the sink is not open");
    this.#eventTimes = batch.eventTimes;
    this.#buffer.encode(batch, this.#take);
  }

  #append(bytes: Uint8Array, start: number, end: number, row: number): void {
    const timeMs = this.#eventTimes[row]!;
    const timestampMs = Number.isSafeInteger(timeMs) && timeMs >= 0 ? timeMs : 0;
    this.#rows++;
    this.#bytes += end - start;
    if (this.#blocked) this.#backlog.push(bytes, start, end, timestampMs);
    else this.#blocked = !this.#writer!.append(this.#partition, timestampMs, bytes, start, end);
  }

  /** The backlog goes first; the task goes on when it is gone. */
  #onDrain(): void {
    const writer = this.#writer;
    if (writer === null) return;
    const backlog = this.#backlog;
    this.#blocked = false;
    while (!backlog.isEmpty && !this.#blocked) {
      this.#blocked = !writer.append(this.#partition, backlog.timestampMs, backlog.bytes, backlog.start, backlog.end);
      backlog.shift();
    }
    writer.kick();
    if (!this.#blocked) this.#host.wake();
  }

  endStep(): void {
    if (!this.settled) this.#writer?.kick();
  }

  prepare(_checkpointId: number, done: () => void): void {
    this.endStep();
    if (this.settled) done();
    else this.#prepared.push({ rows: this.#rows, done });
  }

  commit(_checkpointId: number): void {}

  counters(): Readonly<Record<string, number>> {
    return { unacknowledged: this.#rows - this.#durable };
  }

  /** Nothing to keep: rows are durable before a checkpoint that covers them completes. */
  snapshot(_writer: SnapshotWriter): void {}

  restore(_reader: SnapshotReader): void {}

  close(): void {
    this.#writer?.close();
    this.#writer = null;
  }

  #onAcknowledged(partition: number, count: number): void {
    if (this.#writer === null) return;
    if (partition !== this.#partition || count < 1 || this.#durable + count > this.#rows) {
      const unasked = `${count} records of partition ${partition} acknowledged that were not written`;
      this.#host.fail(new FaultlineError("assertion-failed", unasked));
      return;
    }
    this.#durable += count;
    while (this.#prepared.length > 0 && this.#prepared[0]!.rows <= this.#durable) this.#prepared.shift()!.done();
    if (this.settled) this.#host.wake();
  }
}
