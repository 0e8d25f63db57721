import { assert } from "../../base/assert.ts";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { Fifo } from "../merge/fifo.ts";
import type { Log, LogAddress, LogWriter } from "../ports.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowEncoder } from "./format.ts";
import { decodePrepared } from "./prepared-state.ts";
import { NO_SINK_STATE, type Sink, type SinkHost } from "./sink.ts";
import { SinkOutput } from "./sink-output.ts";
import { SinkRecords } from "./sink-records.ts";

export interface LogSinkSettings {
  readonly address: LogAddress;
  readonly partitions: number;
  readonly instance: number;
  readonly encoder: RowEncoder;
}

interface Prepared {
  /** Records that must be durable first, counted from the start. */
  readonly records: number;
  readonly done: (state: Uint8Array) => void;
}

/** The partition that an instance of a sink writes to. */
export function partitionOf({ partitions, instance }: LogSinkSettings): number {
  assert(partitions > 0, "a log has partitions");
  return instance % partitions;
}

/** Writes every row as one record to partition (instance mod partitions) of a log; at-least-once. */
export class LogSink implements Sink {
  readonly committed = true;
  readonly #settings: LogSinkSettings;
  readonly #log: Log;
  readonly #host: SinkHost;
  readonly #records: SinkRecords;
  readonly #output: SinkOutput;
  #writer: LogWriter | null = null;
  readonly #prepared = new Fifo<Prepared>();

  constructor(settings: LogSinkSettings, log: Log, host: SinkHost) {
    this.#settings = settings;
    this.#log = log;
    this.#host = host;
    const output = new SinkOutput(partitionOf(settings));
    this.#output = output;
    this.#records = new SinkRecords(settings.encoder, (bytes, start, end, timestampMs) =>
      output.append(bytes, start, end, timestampMs),
    );
  }

  get blocked(): boolean {
    return this.#output.blocked;
  }

  get settled(): boolean {
    return this.#output.settled;
  }

  get rows(): number {
    return this.#records.rows;
  }

  get bytes(): number {
    return this.#records.bytes;
  }

  start(): void {
    this.#writer = this.#log.openWriter(this.#settings.address, [partitionOf(this.#settings)], {
      onAcknowledged: (partition, count) => this.#onAcknowledged(partition, count),
      onDrain: () => this.#onDrain(),
      onError: (error) => this.#host.fail(error),
    });
    this.#output.open(this.#writer);
  }

  emit(batch: ColumnBatch): void {
    assert(this.#writer !== null, "the sink is not open");
    this.#records.encode(batch);
  }

  endStep(): void {
    this.#output.kick();
  }

  prepare(_checkpointId: number, done: (state: Uint8Array) => void): void {
    this.endStep();
    if (this.settled) done(NO_SINK_STATE);
    else this.#prepared.push({ records: this.#output.records, done });
  }

  commit(_checkpointId: number): void {}

  abandon(): void {}

  counters(): Readonly<Record<string, number>> {
    return { unacknowledged: this.#output.records - this.#output.durable };
  }

  /** There is nothing to restore: rows are durable before a checkpoint that covers them completes. */
  restore(state: Uint8Array): void {
    if (decodePrepared(state).length === 0) return;
    throw new FaultlineError("job-invalid", "the checkpoint has transactions whose rows are not committed", {
      hint: "start the job with the guarantee exactly-once, or from a checkpoint of the guarantee that it has now",
    });
  }

  close(): void {
    this.#writer?.close();
    this.#writer = null;
  }

  /** The task goes on when nothing waits any more. */
  #onDrain(): void {
    if (this.#writer === null) return;
    this.#output.drain();
    if (!this.blocked) this.#host.wake();
  }

  #onAcknowledged(partition: number, count: number): void {
    if (this.#writer === null) return;
    try {
      this.#output.acknowledge(partition, count);
    } catch (error) {
      this.#host.fail(asFaultlineError(error));
      return;
    }
    for (let first = this.#prepared.peek(); first !== undefined; first = this.#prepared.peek()) {
      if (first.records > this.#output.durable) break;
      this.#prepared.shift();
      first.done(NO_SINK_STATE);
    }
    if (this.settled) this.#host.wake();
  }
}
