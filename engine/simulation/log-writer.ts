import { assert } from "../../base/assert.ts";
import { asFaultlineError, type FaultlineError } from "../../base/errors.ts";
import type { LogWriter, LogWriterHandler } from "../ports.ts";
import type { LogRequests } from "./log-requests.ts";
import type { SimulatedProcess } from "./process.ts";
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

/** Appends one record at the log; returns its offset, throws when the log refuses it. */
export type AppendAtLog = (partition: number, value: Uint8Array) => number;

/**
 * Appends to a topic in memory: one request at a time takes what is pending. Its records are durable when it arrives, and known to be
 * when it is answered; the log does not append again what it has when a request is repeated.
 */
export class SimulatedLogWriter implements LogWriter {
  readonly #universe: Universe;
  readonly #process: SimulatedProcess;
  readonly #requests: LogRequests;
  readonly #topic: string;
  readonly #appendAtLog: AppendAtLog;
  readonly #handler: LogWriterHandler;
  readonly #maxBufferedBytes: number;
  #pending = new Map<number, Batch>();
  #bufferedBytes = 0;
  #wantsDrain = false;
  #inFlight = false;
  #kicked = false;
  #lingering = false;
  #held = false;
  #closed = false;
  #onRest: (() => void) | null = null;

  constructor(
    universe: Universe,
    process: SimulatedProcess,
    requests: LogRequests,
    topic: string,
    appendAtLog: AppendAtLog,
    handler: LogWriterHandler,
  ) {
    this.#universe = universe;
    this.#process = process;
    this.#requests = requests;
    this.#topic = topic;
    this.#appendAtLog = appendAtLog;
    this.#handler = handler;
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
    if (this.#inFlight || this.#held) this.#kicked = true;
    else this.#send();
  }

  close(): void {
    this.#closed = true;
  }

  /** While held nothing is sent. */
  hold(held: boolean): void {
    this.#held = held;
    if (!held && this.#kicked && !this.#inFlight) this.#send();
  }

  /** Forgets what has not been sent; `done` once nothing is on its way, perhaps at once. */
  drop(done: () => void): void {
    for (const batch of this.#pending.values()) this.#bufferedBytes -= batch.byteLength;
    this.#pending = new Map();
    this.#process.later(0, () => this.#drain());
    if (this.#inFlight) this.#onRest = done;
    else done();
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
    let result: FaultlineError | null | undefined;
    const atLog = () => {
      if (result !== undefined) this.#universe.situations.meet("repeatedAppend");
      else result = this.#atLog(sent);
      return result;
    };
    this.#requests.send(atLog, (error) => {
      this.#inFlight = false;
      if (error === null) this.#onAppended(sent);
      else this.#fail(error);
      this.#onRest?.();
      this.#onRest = null;
    });
  }

  /** What the log does with a request, once. */
  #atLog(sent: ReadonlyMap<number, Batch>): FaultlineError | null {
    try {
      for (const [partition, batch] of sent) {
        let start = 0;
        for (const end of batch.ends) {
          this.#appendAtLog(partition, batch.bytes.subarray(start, end));
          start = end;
        }
        this.#note(partition, batch);
      }
      return null;
    } catch (error) {
      return asFaultlineError(error);
    }
  }

  #onAppended(sent: ReadonlyMap<number, Batch>): void {
    for (const [partition, batch] of sent) {
      this.#bufferedBytes -= batch.byteLength;
      this.#universe.watch.onAcknowledged?.(this.#process.name, this.#topic, partition, batch.ends.length);
      if (!this.#closed) this.#handler.onAcknowledged(partition, batch.ends.length);
    }
    this.#drain();
    if (this.#kicked && !this.#inFlight && !this.#held) this.#send();
  }

  #drain(): void {
    if (!this.#wantsDrain || this.#bufferedBytes > this.#maxBufferedBytes / 2) return;
    this.#wantsDrain = false;
    if (!this.#closed) this.#handler.onDrain();
  }

  #fail(error: FaultlineError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handler.onError(error);
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
