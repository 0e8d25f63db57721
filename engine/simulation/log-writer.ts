import { assert } from "../../base/assert.ts";
import type { LogAddress, LogWriter, LogWriterHandler } from "../ports.ts";
import { Latency } from "./latency.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Topics } from "./topics.ts";
import { TRACED } from "./trace.ts";
import type { Universe } from "./universe.ts";

const LINGER_US = 10_000;

/** Records of one partition on their way, one after another in one buffer. */
class Batch {
  bytes = new Uint8Array(4096);
  readonly ends: number[] = [];

  get byteLength(): number {
    return this.ends.at(-1) ?? 0;
  }

  append(value: Uint8Array, start: number, end: number): void {
    const at = this.byteLength;
    const size = at + end - start;
    if (size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(size, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
    }
    this.bytes.set(value.subarray(start, end), at);
    this.ends.push(size);
  }
}

/** Appends to a topic in memory: one request at a time takes what is pending; its records are durable when it is answered. */
export class SimulatedLogWriter implements LogWriter {
  readonly #universe: Universe;
  readonly #process: SimulatedProcess;
  readonly #topics: Topics;
  readonly #topic: string;
  readonly #handler: LogWriterHandler;
  readonly #latency: Latency;
  readonly #maxBufferedBytes: number;
  #pending = new Map<number, Batch>();
  #bufferedBytes = 0;
  #wantsDrain = false;
  #inFlight = false;
  #kicked = false;
  #lingering = false;
  #closed = false;

  constructor(
    universe: Universe,
    process: SimulatedProcess,
    topics: Topics,
    address: LogAddress,
    handler: LogWriterHandler,
  ) {
    this.#universe = universe;
    this.#process = process;
    this.#topics = topics;
    this.#topic = address.topic;
    this.#handler = handler;
    this.#latency = new Latency(universe, universe.conditions.appends);
    this.#maxBufferedBytes = universe.conditions.logBufferBytes;
  }

  append(partition: number, _timestampMs: number, value: Uint8Array, start: number, end: number): boolean {
    if (this.#closed) return true;
    assert(!this.#wantsDrain, "append must stop when it returned false");
    let batch = this.#pending.get(partition);
    if (batch === undefined) {
      batch = new Batch();
      this.#pending.set(partition, batch);
    }
    batch.append(value, start, end);
    this.#bufferedBytes += end - start;
    this.#linger();
    if (this.#bufferedBytes <= this.#maxBufferedBytes) return true;
    this.#universe.situations.meet("fullLogBuffer");
    this.#wantsDrain = true;
    this.kick();
    return false;
  }

  kick(): void {
    if (this.#inFlight) this.#kicked = true;
    else this.#send();
  }

  close(): void {
    this.#closed = true;
  }

  #linger(): void {
    if (this.#lingering) return;
    this.#lingering = true;
    this.#process.later(LINGER_US, () => {
      this.#lingering = false;
      if (!this.#closed && this.#pending.size > 0) this.kick();
    });
  }

  #send(): void {
    this.#kicked = false;
    if (this.#pending.size === 0) return;
    const sent = this.#pending;
    this.#pending = new Map();
    this.#inFlight = true;
    this.#process.later(this.#latency.nextUs(), () => this.#onAnswer(sent));
  }

  #onAnswer(sent: ReadonlyMap<number, Batch>): void {
    this.#inFlight = false;
    for (const [partition, batch] of sent) {
      let start = 0;
      for (const end of batch.ends) {
        this.#topics.append(this.#topic, partition, batch.bytes.subarray(start, end));
        start = end;
      }
      this.#bufferedBytes -= batch.byteLength;
      this.#note(partition, batch);
      if (!this.#closed) this.#handler.onAcknowledged(partition, batch.ends.length);
    }
    if (this.#wantsDrain && this.#bufferedBytes <= this.#maxBufferedBytes / 2) {
      this.#wantsDrain = false;
      if (!this.#closed) this.#handler.onDrain();
    }
    if (this.#kicked && !this.#inFlight) this.#send();
  }

  #note(partition: number, batch: Batch): void {
    const { trace, nowUs } = this.#universe;
    trace.note(nowUs, TRACED.append, partition);
    trace.noteBytes(batch.bytes.subarray(0, batch.byteLength));
    if (trace.detailed) {
      trace.tell(nowUs, `${this.#process.name} writes ${batch.ends.length} records to ${this.#topic}/${partition}`);
    }
  }
}
