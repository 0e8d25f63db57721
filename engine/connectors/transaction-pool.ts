import { FaultlineError } from "../../base/errors.ts";
import { Fifo } from "../merge/fifo.ts";
import type { Log, LogAddress, LogWriterHandler, TransactionalWriter } from "../ports.ts";
import type { SinkOutput } from "./sink-output.ts";

export interface TransactionPoolSettings {
  /**
   * The pool, of this execution of this instance alone: one id for what is written, one for each checkpoint that is not complete or has
   * failed. Fewer than tolerated failures + 2 make the sink wait.
   */
  readonly transactionalIds: readonly string[];
  /**
   * Pools of earlier executions, to be fenced. They are others than this one's because a claim may reach the log late, when whoever
   * asked for it is a zombie: it would abort what this execution has prepared.
   */
  readonly formerIds?: readonly string[];
  /** The log aborts a transaction that is open for longer. */
  readonly timeoutMs: number;
}

/** A writer of the pool, with the records of the transaction that it writes or waits to commit. */
export interface PooledWriter {
  readonly writer: TransactionalWriter;
  output: SinkOutput | null;
}

/** What writers tell of the transactions that they have. */
export interface TransactionPoolHost {
  /** `output` null: of a writer that has no transaction. */
  onAcknowledged(output: SinkOutput | null, partition: number, count: number): void;
  onDrain(output: SinkOutput | null): void;
  onError(error: Error): void;
  /** What former executions have left open is aborted. Not called when there were none. */
  onFenced(): void;
}

/** Writers that are claimed before they are needed: a transaction ends sooner than an id is claimed. */
const SPARE_WRITERS = 2;
/** Former ids that are fenced at the same time: all at once they would delay the claims of who must write. */
const FENCES_AT_ONCE = 2;

/** Writers to one partition of a log, each with a transactional id of its own. */
export class TransactionPool {
  readonly #settings: TransactionPoolSettings;
  readonly #host: TransactionPoolHost;
  readonly #all: PooledWriter[] = [];
  readonly #free = new Fifo<PooledWriter>();
  /** Former ids that are still to be fenced. */
  readonly #former: Fifo<string>;
  /** Former ids whose fencing is not answered. */
  #fencing = 0;
  /** Opens the writer of an id; null before `open`, and when closed. */
  #open: ((id: string, handler: LogWriterHandler) => TransactionalWriter) | null = null;

  constructor(settings: TransactionPoolSettings, host: TransactionPoolHost) {
    const { transactionalIds: ids } = settings;
    if (ids.length < 2 || new Set(ids).size < ids.length) {
      const hint = "one transaction is written while another waits for its commit";
      throw new FaultlineError("job-invalid", "a sink needs two transactional ids or more, all different", { hint });
    }
    this.#settings = settings;
    this.#host = host;
    this.#former = new Fifo();
    for (const id of settings.formerIds ?? []) this.#former.push(id);
  }

  /** There are writers to give. */
  get isOpen(): boolean {
    return this.#open !== null;
  }

  /** Nothing that former executions have left open hides what is written here from readers of what is committed. */
  get isFenced(): boolean {
    return this.#former.length === 0 && this.#fencing === 0;
  }

  /** Ids are claimed as they are needed, with one to spare. */
  open(log: Log, address: LogAddress, partition: number): void {
    const { timeoutMs } = this.#settings;
    const open = (id: string, handler: LogWriterHandler) =>
      log.openTransactionalWriter(address, [partition], { id, timeoutMs }, handler);
    this.#open = open;
    for (let spare = 0; spare < SPARE_WRITERS; spare++) this.#claimNext();
  }

  /** Aborts what earlier executions have left open, because readers of what is committed wait for it. After `open`, once. */
  fence(): void {
    for (let fence = 0; fence < FENCES_AT_ONCE; fence++) this.#fenceNext();
  }

  /** A writer for the records, which go there from now on; null when none is free. */
  take(output: SinkOutput): PooledWriter | null {
    if (this.#free.length < SPARE_WRITERS) this.#claimNext();
    const pooled = this.#free.shift();
    if (pooled === undefined) return null;
    pooled.output = output;
    output.open(pooled.writer);
    return pooled;
  }

  #claimNext(): void {
    const id = this.#settings.transactionalIds[this.#all.length];
    if (this.#open === null || id === undefined) return;
    const handler = this.#handlerOf(() => pooled.output);
    const pooled: PooledWriter = { writer: this.#open(id, handler), output: null };
    this.#all.push(pooled);
    this.#free.push(pooled);
  }

  /** The writer's transaction has ended. */
  release(pooled: PooledWriter): void {
    pooled.output = null;
    this.#free.push(pooled);
  }

  /**
   * Lets go of all ids. What `isKept` stays as it is; an abort of the rest that fails needs no answer, because who claims the id next
   * aborts what is left.
   */
  close(isKept: (output: SinkOutput) => boolean): void {
    this.#open = null;
    for (const { writer, output } of this.#all) {
      if (output === null || output.records === 0 || isKept(output)) writer.close();
      else writer.abort(() => writer.close());
    }
  }

  #handlerOf(output: () => SinkOutput | null): LogWriterHandler {
    const host = this.#host;
    return {
      onAcknowledged: (partition, count) => host.onAcknowledged(output(), partition, count),
      onDrain: () => host.onDrain(output()),
      onError: (error) => host.onError(error),
    };
  }

  /** Who is fenced meanwhile has done enough: a later claim has aborted as well. */
  #fenceNext(): void {
    if (this.#open === null) return;
    const id = this.#former.shift();
    if (id === undefined) return;
    const onError = (error: Error) => {
      if (!(error instanceof FaultlineError && error.code === "kafka-fenced")) this.#host.onError(error);
    };
    this.#fencing++;
    const writer = this.#open(id, { ...this.#handlerOf(() => null), onError });
    writer.abort((error) => {
      writer.close();
      if (error !== null) onError(error);
      this.#fencing--;
      this.#fenceNext();
      if (this.isFenced) this.#host.onFenced();
    });
  }
}

/** All ids of a pool hold rows that nobody may add to. */
export function poolExhausted(ids: number): FaultlineError {
  const message = `all ${ids} transactional ids of the sink hold rows of checkpoints that failed and may yet be restored`;
  const hint = "see in the journal why the store does not remove these checkpoints";
  return new FaultlineError("checkpoint-failed", message, { hint });
}
