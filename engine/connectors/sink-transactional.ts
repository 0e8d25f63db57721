import { assert, present } from "../../base/assert.ts";
import { asFaultlineError } from "../../base/errors.ts";
import type { AbortFate } from "../cluster/checkpoint-facts.ts";
import type { World } from "../ports.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import { encodePrepared } from "./prepared-state.ts";
import { RestoredTransactions } from "./restored-transactions.ts";
import { type Sealed, SealedTransactions, type Transaction } from "./sealed-transactions.ts";
import type { Sink, SinkHost } from "./sink.ts";
import { type LogSinkSettings, partitionOf } from "./sink-log.ts";
import { SinkOutput } from "./sink-output.ts";
import { SinkRecords } from "./sink-records.ts";
import { poolExhausted, TransactionPool, type TransactionPoolSettings } from "./transaction-pool.ts";

export type TransactionalSinkSettings = LogSinkSettings & TransactionPoolSettings;

/**
 * Writes every row as one record to partition (instance mod partitions) of a log, in transactions that end with checkpoints:
 * exactly-once for readers of what is committed. A checkpoint seals the open transaction; when its records are durable, the next rows
 * go to the next writer of the pool, so that output does not wait for the commit. They do wait until then: what is written through two
 * writers at once would change its order.
 *
 * Two-phase commit as in Carbone et al., State Management in Apache Flink, 2017, section 4.2.
 */
export class TransactionalSink implements Sink {
  readonly #settings: TransactionalSinkSettings;
  readonly #world: Pick<World, "clock" | "log">;
  readonly #host: SinkHost;
  readonly #partition: number;
  readonly #records: SinkRecords;
  readonly #pool: TransactionPool;
  readonly #restored: RestoredTransactions;
  #open: Transaction;
  readonly #sealed = new SealedTransactions();
  #closed = false;
  #acknowledged = 0;
  #commits = 0;
  #commitUs = 0;

  constructor(settings: TransactionalSinkSettings, world: Pick<World, "clock" | "log">, host: SinkHost) {
    this.#settings = settings;
    this.#world = world;
    this.#host = host;
    this.#partition = partitionOf(settings);
    this.#open = this.#newTransaction();
    const after = (error: Error | null, work: () => void) => this.#after(error, work);
    this.#restored = new RestoredTransactions(world.log, settings.address, after);
    this.#pool = new TransactionPool(settings, {
      onAcknowledged: (output, partition, count) => this.#attempt(() => this.#onAcknowledged(output, partition, count)),
      onDrain: (output) => this.#attempt(() => output?.drain()),
      onError: (error) => after(error, () => {}),
      onFenced: () => {
        if (!this.#closed) this.#host.wake();
      },
    });
    this.#records = new SinkRecords(settings.encoder, (bytes, start, end, timestampMs) =>
      this.#open.output.append(bytes, start, end, timestampMs),
    );
  }

  get blocked(): boolean {
    return this.#open.output.blocked;
  }

  get settled(): boolean {
    return this.#acknowledged === this.#records.rows;
  }

  /** A sink that ends before it has fenced all former ones would leave what they have left open in front of its rows. */
  get committed(): boolean {
    const isDone = this.#open.output.records === 0 && this.#sealed.isCommitted;
    return isDone && this.#restored.isCommitted && this.#pool.isFenced;
  }

  get rows(): number {
    return this.#records.rows;
  }

  get bytes(): number {
    return this.#records.bytes;
  }

  restore(state: Uint8Array): void {
    this.#restored.add(state);
  }

  /**
   * Commits what the checkpoint has prepared before it claims any of those ids: claiming aborts what it finds. Its own ids are others,
   * unless another coordinator has begun to count attempts anew; they are claimed meanwhile, so that rows are not kept waiting for both.
   */
  start(): void {
    assert(!this.#pool.isOpen, "a sink starts once");
    if (!this.#restored.has(this.#settings.transactionalIds)) this.#claim();
    if (this.#restored.isCommitted) this.#pool.fence();
    this.#restored.commit(() => this.#onRestored());
  }

  emit(batch: ColumnBatch): void {
    this.#records.encode(batch);
  }

  endStep(): void {
    this.#open.output.kick();
  }

  prepare(checkpointId: number, done: (state: Uint8Array) => void): void {
    const last = this.#sealed.all.at(-1)?.checkpointId ?? -1;
    assert(checkpointId > last, "checkpoints come in order", { checkpointId });
    this.endStep();
    const transaction = this.#open.output.records > 0 ? this.#open : null;
    if (transaction !== null) this.#open = this.#newTransaction();
    this.#sealed.add(checkpointId, transaction, done);
    this.#goOn();
  }

  commit(checkpointId: number): void {
    for (const sealed of this.#sealed.complete(checkpointId)) {
      assert(sealed.isDone, "a checkpoint completes when its sinks have prepared it", { checkpointId });
      sealed.commit = "asked";
      const pooled = present(sealed.transaction?.pooled, "writer of a prepared transaction");
      const fromUs = this.#world.clock.nowUs();
      pooled.writer.commit((error) => this.#after(error, () => this.#onCommitted(sealed, fromUs)));
    }
  }

  abandon(checkpointId: number, fate: AbortFate): void {
    this.#sealed.abandon(checkpointId, fate);
    this.#goOn();
  }

  counters(): Readonly<Record<string, number>> {
    return {
      unacknowledged: this.#records.rows - this.#acknowledged,
      openTransactions: this.#open.output.records > 0 ? 1 : 0,
      preparedTransactions: this.#sealed.all.filter(({ prepared }) => prepared !== null).length,
      committedTransactions: this.#commits,
      commitUs: this.#commitUs,
    };
  }

  /** What is prepared stays so: its checkpoint may be complete. What is not will never be wanted. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pool.close((output) => this.#sealed.isAnswered(output));
  }

  #newTransaction(): Transaction {
    return { output: new SinkOutput(this.#partition), pooled: null };
  }

  #claim(): void {
    this.#pool.open(this.#world.log, this.#settings.address, this.#partition);
    this.#goOn();
  }

  /** All that was prepared is committed. */
  #onRestored(): void {
    if (!this.#pool.isOpen) this.#claim();
    this.#pool.fence();
    this.#goOn();
  }

  #after(error: Error | null, work: () => void): void {
    if (error === null) this.#attempt(work);
    else if (!this.#closed) this.#host.fail(error);
  }

  /** What the log tells: it may end a wait of the task, and what is found wrong with it fails the task. */
  #attempt(work: () => void): void {
    if (this.#closed) return;
    const wasWaiting = this.blocked || !this.settled || !this.committed;
    try {
      work();
    } catch (error) {
      this.#host.fail(asFaultlineError(error));
      return;
    }
    if (wasWaiting && (!this.blocked || this.settled)) this.#host.wake();
  }

  #onAcknowledged(asked: SinkOutput | null, partition: number, count: number): void {
    const output = present(asked, "transaction of an acknowledgement");
    output.acknowledge(partition, count);
    this.#acknowledged += count;
    if (output.settled) this.#goOn();
  }

  /** Gives writers to who waits for one, in order, and answers the checkpoints whose rows are durable. */
  #goOn(): void {
    if (!this.#pool.isOpen) return;
    const answers: Sealed[] = [];
    let isDurable = true;
    for (const sealed of this.#sealed.all) {
      if (sealed.transaction !== null) {
        sealed.transaction = this.#joined(sealed.transaction, sealed);
        isDurable = sealed.transaction.output.settled;
      }
      if (!isDurable) break;
      if (!sealed.isDone) answers.push(sealed);
    }
    if (isDurable) this.#open = this.#joined(this.#open, null);
    // A checkpoint that says nothing of what was prepared before it must not be complete before that is committed.
    if (!this.#restored.isCommitted || answers.length === 0) return;
    for (const sealed of answers) this.#answer(sealed);
    // What is answered may be what the next rows wait for.
    this.#goOn();
  }

  /**
   * The transaction with a writer of the pool. Every checkpoint that fails leaves one that waits for the next to be complete. When that has
   * used up the pool, rows go into the newest of these again, once it is certain that no checkpoint which names it can be restored.
   */
  #joined(transaction: Transaction, sealed: Sealed | null): Transaction {
    transaction.pooled ??= this.#pool.take(transaction.output);
    if (transaction.pooled !== null) return transaction;
    const abandoned = this.#sealed.takeAbandoned(sealed);
    abandoned?.output.takeOver(transaction.output);
    if (abandoned === null && this.#sealed.isStuckBefore(sealed))
      throw poolExhausted(this.#settings.transactionalIds.length);
    return abandoned ?? transaction;
  }

  /** With what is prepared for this checkpoint, and for those before it as long as that is not known to be committed. */
  #answer(sealed: Sealed): void {
    const { checkpointId, transaction, done } = sealed;
    sealed.isDone = true;
    if (transaction !== null) {
      const { writer } = present(transaction.pooled, "writer of durable records");
      sealed.prepared = present(writer.prepared(), "transaction of durable records");
    }
    done(encodePrepared(this.#sealed.namedBy(checkpointId)));
  }

  /**
   * Writers are used again in the order of their transactions, so that no open transaction has the id of one whose end a restart would
   * have to find out while an earlier one still hides it.
   */
  #onCommitted(committed: Sealed, fromUs: number): void {
    this.#commits++;
    this.#commitUs += this.#world.clock.nowUs() - fromUs;
    committed.commit = "done";
    for (const { pooled } of this.#sealed.takeCommitted())
      this.#pool.release(present(pooled, "writer of a transaction"));
    this.#goOn();
  }
}
