import { present } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { PreparedTransaction, TransactionSettings } from "../ports.ts";
import type { QueuedEvent } from "./event-queue.ts";
import type { TransactionFate } from "./stored-partition.ts";
import type { Topics } from "./topics.ts";
import type { Universe } from "./universe.ts";

/** Who may write under a transactional id: an older epoch than the latest is fenced. */
export interface Producer {
  readonly id: string;
  readonly producerId: number;
  readonly epoch: number;
}

interface OpenTransaction {
  readonly fate: TransactionFate;
  readonly partitions: Map<string, { readonly topic: string; readonly partition: number }>;
  readonly timeout: QueuedEvent;
}

interface Holder {
  readonly producerId: number;
  timeoutMs: number;
  epoch: number;
  open: OpenTransaction | null;
  /** How the transactions of earlier epochs ended. */
  readonly ended: Map<number, "committed" | "aborted">;
}

/**
 * The transaction coordinator of a simulated log. Every claim and every end of a transaction makes a new epoch, as in KIP-890, so that
 * an epoch names one transaction and requests may be repeated.
 */
export class Transactions {
  readonly #universe: Universe;
  readonly #topics: Topics;
  readonly #holders = new Map<string, Holder>();

  constructor(universe: Universe, topics: Topics) {
    this.#universe = universe;
    this.#topics = topics;
  }

  /** Fences whoever holds the id, and aborts what that one left open. */
  claim({ id, timeoutMs }: TransactionSettings): Producer {
    let holder = this.#holders.get(id);
    if (holder === undefined) {
      holder = { producerId: this.#holders.size + 1, timeoutMs, epoch: 0, open: null, ended: new Map() };
      this.#holders.set(id, holder);
    } else this.#end(id, holder, "aborted");
    holder.timeoutMs = timeoutMs;
    return { id, producerId: holder.producerId, epoch: holder.epoch };
  }

  /** Returns the record's offset; `kafka-fenced` when the producer is no longer the holder of its id. */
  append(producer: Producer, topic: string, partition: number, value: Uint8Array): number {
    const holder = this.#holderOf(producer);
    if (holder.epoch !== producer.epoch) throw this.#fenced(producer);
    holder.open ??= this.#begin(producer.id, holder);
    holder.open.partitions.set(`${topic}/${partition}`, { topic, partition });
    return this.#topics.append(topic, partition, value, holder.open.fate);
  }

  /** Ends the transaction of the producer's epoch, or finds that it has ended so; returns the producer of the next one. */
  end(producer: Producer, outcome: "committed" | "aborted"): Producer {
    const holder = this.#holderOf(producer);
    if (holder.epoch === producer.epoch) this.#end(producer.id, holder, outcome);
    else if (holder.epoch > producer.epoch + 1 || holder.ended.get(producer.epoch) !== outcome)
      throw this.#fenced(producer);
    return { ...producer, epoch: producer.epoch + 1 };
  }

  /** `transaction-lost` when it has not been and cannot be committed. */
  commitPrepared(prepared: PreparedTransaction): void {
    const { id, producerId, epoch } = prepared;
    const holder = this.#holders.get(id);
    if (holder?.producerId === producerId) {
      if (holder.ended.get(epoch) === "committed") return;
      if (holder.epoch === epoch && holder.open !== null) {
        this.#end(id, holder, "committed", true);
        return;
      }
    }
    throw new FaultlineError("transaction-lost", `the prepared transaction of ${id} was aborted`, {
      hint: "make the transaction timeout longer than the longest outage",
      context: { ...prepared },
    });
  }

  #fenced(producer: Producer): FaultlineError {
    this.#universe.watch.onFenced?.(producer.id);
    return fenced(producer);
  }

  #holderOf({ id, producerId }: Producer): Holder {
    const holder = present(this.#holders.get(id), `holder of ${id}`);
    return present(holder.producerId === producerId ? holder : null, `producer ${producerId} of ${id}`);
  }

  #begin(id: string, holder: Holder): OpenTransaction {
    const { queue, nowUs } = this.#universe;
    const timeout = queue.at(nowUs + holder.timeoutMs * 1000, () => this.#end(id, holder, "aborted"));
    return { fate: { state: "open" }, partitions: new Map(), timeout };
  }

  /** The epoch ends, and with it the transaction that may be open. */
  #end(id: string, holder: Holder, outcome: "committed" | "aborted", isRestored = false): void {
    const { open, epoch } = holder;
    holder.ended.set(epoch, open === null ? "aborted" : outcome);
    holder.epoch++;
    if (open === null) return;
    holder.open = null;
    open.timeout.cancelled = true;
    open.fate.state = outcome;
    for (const { topic, partition } of open.partitions.values()) this.#topics.mark(topic, partition, open.fate);
    const { trace, nowUs, watch } = this.#universe;
    if (outcome === "committed") watch.onCommitted?.({ id, producerId: holder.producerId, epoch }, isRestored);
    trace.line(nowUs, `the log has ${outcome} the transaction of ${id} in epoch ${epoch}`);
  }
}

function fenced({ id, epoch }: Producer): FaultlineError {
  return new FaultlineError("kafka-fenced", `the producer of ${id} in epoch ${epoch} is fenced`, {
    hint: "another writer has claimed the transactional id, or the transaction has timed out",
  });
}
