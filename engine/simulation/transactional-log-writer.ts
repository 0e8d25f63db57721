import { assert, present } from "../../base/assert.ts";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { LogWriterHandler, PreparedTransaction, TransactionalWriter, TransactionSettings } from "../ports.ts";
import type { LogRequests } from "./log-requests.ts";
import { SimulatedLogWriter } from "./log-writer.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Producer, Transactions } from "./transactions.ts";
import type { Universe } from "./universe.ts";

/** Writes the transactions of one id: claims it, appends, ends them one by one. */
export class SimulatedTransactionalWriter implements TransactionalWriter {
  readonly #requests: LogRequests;
  readonly #transactions: Transactions;
  readonly #handler: LogWriterHandler;
  readonly #writer: SimulatedLogWriter;
  #producer: Producer | null = null;
  /** Where the open transaction begins, once the log has taken its first record. */
  #first: { readonly partition: number; readonly offset: number } | null = null;
  #onClaimed: (() => void) | null = null;
  #unacknowledged = 0;
  #ending = false;
  #error: FaultlineError | null = null;
  #closed = false;

  constructor(
    universe: Universe,
    process: SimulatedProcess,
    requests: LogRequests,
    topic: string,
    transactions: Transactions,
    settings: TransactionSettings,
    handler: LogWriterHandler,
  ) {
    this.#requests = requests;
    this.#transactions = transactions;
    this.#handler = handler;
    const appendAtLog = (partition: number, value: Uint8Array) => this.#appendAtLog(topic, partition, value);
    this.#writer = new SimulatedLogWriter(universe, process, requests, topic, appendAtLog, {
      onAcknowledged: (partition, count) => {
        this.#unacknowledged -= count;
        handler.onAcknowledged(partition, count);
      },
      onDrain: () => handler.onDrain(),
      onError: (error) => this.#fail(asFaultlineError(error)),
    });
    this.#writer.hold(true);
    const claim = () => transactions.claim(settings);
    requests.send(claim, (producer) => {
      this.#producer = producer;
      this.#writer.hold(false);
      this.#onClaimed?.();
    });
  }

  append(partition: number, timestampMs: number, value: Uint8Array, start: number, end: number): boolean {
    assert(!this.#ending, "nothing is appended while a transaction ends");
    this.#unacknowledged++;
    return this.#writer.append(partition, timestampMs, value, start, end);
  }

  kick(): void {
    this.#writer.kick();
  }

  close(): void {
    this.#closed = true;
    this.#writer.close();
  }

  prepared(): PreparedTransaction | null {
    assert(this.#unacknowledged === 0, "a transaction is prepared when its records are durable");
    if (this.#first === null || this.#producer === null) return null;
    return { ...this.#producer, partition: this.#first.partition, firstOffset: this.#first.offset };
  }

  commit(done: (error: Error | null) => void): void {
    assert(this.prepared() !== null, "a transaction is prepared before it is committed");
    this.#end("committed", done);
  }

  abort(done: (error: Error | null) => void): void {
    this.#writer.drop(() => {
      if (this.#producer === null) this.#onClaimed = () => this.#end("aborted", done);
      else this.#end("aborted", done);
    });
  }

  /** Runs at the log. */
  #appendAtLog(topic: string, partition: number, value: Uint8Array): number {
    const producer = this.#producer;
    assert(producer !== null, "records leave when the id is claimed");
    const offset = this.#transactions.append(producer, topic, partition, value);
    this.#first ??= { partition, offset };
    return offset;
  }

  #end(outcome: "committed" | "aborted", done: (error: Error | null) => void): void {
    assert(!this.#ending, "a transaction ends once");
    this.#ending = true;
    this.#requests.send(
      () => this.#endAtLog(outcome),
      (result) => this.#onEnded(result, done),
    );
  }

  /** Runs at the log. */
  #endAtLog(outcome: "committed" | "aborted"): Producer | FaultlineError {
    if (this.#error !== null) return this.#error;
    try {
      return this.#transactions.end(present(this.#producer, "producer of a transaction"), outcome);
    } catch (error) {
      return asFaultlineError(error);
    }
  }

  #onEnded(result: Producer | FaultlineError, done: (error: Error | null) => void): void {
    if (result instanceof FaultlineError) {
      done(result);
      return;
    }
    this.#producer = result;
    this.#first = null;
    this.#unacknowledged = 0;
    this.#ending = false;
    done(null);
  }

  #fail(error: FaultlineError): void {
    this.#error = error;
    if (!this.#closed) this.#handler.onError(error);
  }
}
