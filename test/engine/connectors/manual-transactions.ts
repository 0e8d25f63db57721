import assert from "node:assert/strict";
import type {
  Log,
  LogWriterHandler,
  PreparedTransaction,
  TransactionalWriter,
  TransactionSettings,
} from "../../../engine/ports.ts";
import { readTiny } from "../simulation/tiny-rows.ts";

type Done = (error: Error | null) => void;

/** A writer of transactions that a test acknowledges and answers by hand. */
class ManualTransactionalWriter implements TransactionalWriter {
  readonly id: string;
  readonly handler: LogWriterHandler;
  readonly #effects: string[];
  readonly #log: ManualTransactions;
  #records = 0;
  #durable = 0;
  #epoch = 0;
  answer: Done | null = null;

  constructor(log: ManualTransactions, id: string, handler: LogWriterHandler) {
    this.#log = log;
    this.#effects = log.effects;
    this.id = id;
    this.handler = handler;
  }

  append(_partition: number, _timestampMs: number, value: Uint8Array, start: number, end: number): boolean {
    assert.equal(this.answer, null, "nothing is appended while a transaction ends");
    assert.ok(this.#records - this.#durable < this.#log.room, "append must stop when it returned false");
    this.#effects.push(`${this.id} ${readTiny(value.subarray(start, end)).value}`);
    this.#records++;
    return this.#records - this.#durable < this.#log.room;
  }

  kick(): void {}

  close(): void {
    this.#effects.push(`${this.id} close`);
  }

  /** All that was appended is durable. */
  acknowledge(): void {
    const count = this.#records - this.#durable;
    this.#durable = this.#records;
    this.handler.onAcknowledged(0, count);
  }

  prepared(): PreparedTransaction | null {
    assert.equal(this.#durable, this.#records, "asked before all is durable");
    return this.#records === 0 ? null : preparedOf(this.id, this.#epoch);
  }

  commit(done: Done): void {
    this.#effects.push(`${this.id} commit`);
    this.#end(done);
  }

  abort(done: Done): void {
    this.#effects.push(`${this.id} abort`);
    this.#end(done);
  }

  #end(done: Done): void {
    this.answer = (error) => {
      this.answer = null;
      this.#records = 0;
      this.#durable = 0;
      this.#epoch++;
      done(error);
    };
  }
}

export function preparedOf(id: string, epoch = 0): PreparedTransaction {
  return { id, producerId: 7, epoch, partition: 0, firstOffset: 0 };
}

/** A log whose transactions a test moves by hand, with everything that it was asked for, in order. */
export class ManualTransactions implements Pick<Log, "openTransactionalWriter" | "commitPrepared"> {
  readonly effects: string[] = [];
  readonly writers = new Map<string, ManualTransactionalWriter>();
  /** Answers to `commitPrepared` that are due, by id. */
  readonly resolving = new Map<string, Done>();
  /** Records a writer takes that are not durable. */
  room = Number.POSITIVE_INFINITY;

  openTransactionalWriter(
    _address: unknown,
    _partitions: unknown,
    { id }: TransactionSettings,
    handler: LogWriterHandler,
  ): TransactionalWriter {
    this.effects.push(`${id} claim`);
    const writer = new ManualTransactionalWriter(this, id, handler);
    this.writers.set(id, writer);
    return writer;
  }

  commitPrepared(_address: unknown, { id, epoch }: PreparedTransaction, done: Done): void {
    this.effects.push(`${id} resolve ${epoch}`);
    this.resolving.set(id, done);
  }

  /** The effects since the last call. */
  take(): readonly string[] {
    return this.effects.splice(0);
  }
}
