import { assert } from "../../base/assert.ts";
import { asFaultlineError, type FaultlineError } from "../../base/errors.ts";
import type { KafkaClient, Producer, ProducerOptions, TransactionalProducer } from "../../kafka/client.ts";
import type { PreparedTransaction, TransactionSettings } from "../ports.ts";
import { EarlyRecords } from "./early-records.ts";

const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** One of the writers that share a producer. */
export interface ProducerMember {
  onAcknowledged(partition: number, count: number): void;
  onDrain(): void;
  onFailed(error: FaultlineError): void;
}

/** Consecutive unacknowledged records of one member in one partition. */
interface Stretch {
  readonly member: ProducerMember;
  count: number;
}

/**
 * The one producer of a process for a topic, shared by all its writers, so that one request carries the partitions of all of them; or,
 * with a transaction, the producer of one writer.
 * One request is in flight at a time; what is appended meanwhile forms the next: low latency when little is written, large batches
 * when much is. What is appended in one turn of the event loop, by all tasks and for all partitions, leaves together at its end.
 */
export class TopicProducer {
  readonly #members = new Set<ProducerMember>();
  readonly #waiting = new Set<ProducerMember>();
  readonly #unacknowledged = new Map<number, Stretch[]>();
  readonly #onUnused: () => void;
  /** Resolves when the producer is there, or has failed. */
  readonly #connected: Promise<void>;
  #producer: Producer | null = null;
  #transactional: TransactionalProducer | null = null;
  /** Appended before the producer was there. */
  readonly #early = new EarlyRecords(MAX_BUFFERED_BYTES);
  #isTakingBack = false;
  #closed = false;
  #failure: FaultlineError | null = null;

  /** `onUnused` is called when nobody shares it any more, or it has failed: the next writer needs another one. */
  constructor(
    client: Promise<KafkaClient>,
    topic: string,
    partitions: readonly number[],
    transaction: TransactionSettings | null,
    onUnused: () => void,
  ) {
    this.#onUnused = onUnused;
    this.#connected = client
      .then((connected) => this.#connect(connected, topic, partitions, transaction))
      .then((producer) => this.#start(producer))
      .catch((error) => this.#fail(error));
  }

  join(member: ProducerMember): void {
    this.#members.add(member);
  }

  /**
   * The member hears nothing any more. With the last one the producer is gone at once, and what is not sent by then never is: a cancelled
   * attempt of a job must not write into the next one. Who needs its records waits for their acknowledgements before leaving.
   */
  leave(member: ProducerMember): void {
    this.#waiting.delete(member);
    if (this.#members.delete(member) && this.#members.size === 0) this.#close();
  }

  append(
    member: ProducerMember,
    partition: number,
    timestampMs: number,
    value: Uint8Array,
    start: number,
    end: number,
  ) {
    if (this.#closed) return true;
    const producer = this.#producer;
    if (producer === null) {
      const more = this.#early.add({ member, partition, timestampMs, value: value.slice(start, end) });
      if (!more) this.#waiting.add(member);
      return more;
    }
    try {
      // Noted first: the append may call back.
      this.#note(member, partition);
      const more = producer.append(partition, timestampMs, value, start, end);
      if (!more) this.#waiting.add(member);
      return more;
    } catch (error) {
      setImmediate(() => this.#fail(error));
      return false;
    }
  }

  /** The open transaction; an error while some of its records are not acknowledged. */
  prepared(): PreparedTransaction | null {
    assert(this.#early.isEmpty, "a transaction is prepared when all its records are acknowledged");
    return this.#transactional?.prepared() ?? null;
  }

  /**
   * Commits the open transaction, of which all records must be acknowledged, or takes it back: of its records nothing is reported any more.
   * Rejects with the error that failed the producer, and then nobody else is told.
   */
  async end(isCommit: boolean): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (!isCommit) this.#takeBack();
    assert(this.#early.isEmpty, "a transaction is committed when all its records are acknowledged");
    try {
      await this.#connected;
      if (this.#failure !== null) throw this.#failure;
      if (isCommit) await this.#transactional?.commitTransaction();
      else await this.#transactional?.abortTransaction();
      if (this.#failure !== null) throw this.#failure; // it may have failed meanwhile
    } catch (error) {
      this.#failure ??= asFaultlineError(error);
      this.#members.clear();
      this.#close();
      throw error;
    }
    this.#isTakingBack = false;
    this.#wakeWaiting();
  }

  #takeBack(): void {
    this.#isTakingBack = true;
    this.#early.take();
    this.#unacknowledged.clear();
  }

  async #connect(
    client: KafkaClient,
    topic: string,
    wanted: readonly number[],
    transaction: TransactionSettings | null,
  ): Promise<Producer> {
    const metadata = await client.metadata([topic]);
    const known = metadata.topics.find(({ name }) => name === topic)?.partitions ?? [];
    const partitions = new Set([...known.map(({ partition }) => partition), ...wanted]);
    const options: ProducerOptions = {
      topic,
      partitions: [...partitions],
      acks: -1,
      maxInFlight: 1,
      maxBufferedBytes: MAX_BUFFERED_BYTES,
      onAck: (partition, _baseOffset, count) => this.#onAck(partition, count),
      onDrain: () => this.#wakeWaiting(),
      onError: (error) => this.#fail(error),
    };
    if (transaction === null) return client.producer(options);
    this.#transactional = await client.transactionalProducer(options, transaction);
    return this.#transactional;
  }

  #start(producer: Producer): void {
    if (this.#closed) {
      producer.abort();
      return;
    }
    this.#producer = producer;
    for (const { member, partition, timestampMs, value } of this.#early.take()) {
      this.#note(member, partition);
      producer.append(partition, timestampMs, value, 0, value.length);
    }
    producer.kick();
    this.#wakeWaiting();
  }

  #note(member: ProducerMember, partition: number): void {
    let stretches = this.#unacknowledged.get(partition);
    if (stretches === undefined) {
      stretches = [];
      this.#unacknowledged.set(partition, stretches);
    }
    const last = stretches.at(-1);
    if (last?.member === member) last.count++;
    else stretches.push({ member, count: 1 });
  }

  #onAck(partition: number, count: number): void {
    if (this.#isTakingBack) return;
    const stretches = this.#unacknowledged.get(partition) ?? [];
    for (let left = count; left > 0; ) {
      const first = stretches[0];
      assert(first !== undefined, "the broker acknowledged more than was appended", { partition, count });
      const part = Math.min(left, first.count);
      first.count -= part;
      left -= part;
      if (first.count === 0) stretches.shift();
      if (this.#members.has(first.member)) first.member.onAcknowledged(partition, part);
    }
  }

  #wakeWaiting(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const member of waiting) member.onDrain();
  }

  #fail(error: unknown): void {
    const failure = asFaultlineError(error);
    this.#failure ??= failure;
    const members = [...this.#members];
    this.#members.clear();
    this.#close();
    for (const member of members) member.onFailed(failure);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.clear();
    this.#producer?.abort();
    this.#onUnused();
  }
}
