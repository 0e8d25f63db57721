import { assert } from "../../base/assert.ts";
import { monotonicUs } from "../../base/clock.ts";
import { FaultlineError } from "../../base/errors.ts";
import { BROKER_ERROR, brokerError, deliveryTimeout, isRetriable, recordTooLarge } from "../errors.ts";
import { BATCH } from "../record-batch/layout.ts";
import type { ProducerIdentity } from "../requests/init-producer-id.ts";
import type { PartitionProduced } from "../requests/produce.ts";
import { guarded, surface } from "../surface.ts";
import type { TopicLeaders } from "../topic-leaders.ts";
import type { TransactionCoordinator } from "../transactions/coordinator.ts";
import type { Producer, ProducerOptions } from "../types.ts";
import { Flushes } from "./flushes.ts";
import { type ClosedBatch, PartitionQueue } from "./partition-queue.ts";
import { BufferPool } from "./pool.ts";
import { Senders } from "./senders.ts";
import { assertBuffered, type ProducerSettings, producerSettings } from "./settings.ts";
import { ProducerTransaction } from "./transaction.ts";

/** Most bytes that a record's framing takes beside value and headers: lengths, time and offset differences, null key. */
const MAX_RECORD_FRAMING = 32;
const DELIVERY_CHECK_MS = 250;

export interface ProducerParts {
  readonly options: ProducerOptions;
  readonly clientId: string;
  readonly identity: ProducerIdentity;
  /** Must know the topic. */
  readonly leaders: TopicLeaders;
  /** Of the transactional id; null for a producer without transactions. */
  readonly coordinator: TransactionCoordinator | null;
  /** Called when the producer holds no resources any more. */
  onClosed(): void;
}

/** The idempotent producer of one topic. Everything after construction is callbacks, except `flush` and `close`. */
export class IdempotentProducer implements Producer {
  readonly #options: ProducerOptions;
  readonly #settings: ProducerSettings;
  readonly #leaders: TopicLeaders;
  readonly #queues: readonly PartitionQueue[];
  readonly #byPartition: (PartitionQueue | undefined)[] = [];
  readonly #senders: Senders;
  readonly #deliveryTimer: NodeJS.Timeout;
  readonly #flushes = new Flushes();
  readonly #onClosed: () => void;
  #bufferedBytes = 0;
  #isFull = false;
  #failure: FaultlineError | null = null;
  #isClosed = false;

  /** Null for a producer without transactions. */
  protected readonly transaction: ProducerTransaction | null;

  constructor({ options, clientId, identity, leaders, coordinator, onClosed }: ProducerParts) {
    this.#options = options;
    this.#settings = producerSettings(options);
    this.#leaders = leaders;
    this.#onClosed = onClosed;
    this.transaction =
      coordinator === null
        ? null
        : new ProducerTransaction(coordinator, identity, options.topic, {
            onEnlisted: (partition) => this.#onEnlisted(partition),
            onFailed: (error) => this.#fail(error),
          });
    const { maxBufferedBytes, maxBatchBytes } = this.#settings;
    const pool = new BufferPool(options.partitions.length + Math.ceil(maxBufferedBytes / maxBatchBytes));
    const writer = { ...identity, isTransactional: coordinator !== null };
    this.#queues = options.partitions.map((partition) => new PartitionQueue(partition, writer, pool));
    for (const queue of this.#queues) this.#byPartition[queue.partition] = queue;
    const { topic } = options;
    const transactionalId = coordinator?.id ?? null;
    this.#senders = new Senders({ ...this.#settings, topic, clientId, transactionalId }, leaders, this.#queues, {
      onResult: (batch, result) => this.#onResult(batch, result),
      onUnanswered: (batch) => this.#sendAgain(batch),
      onFailed: (error) => this.#onFailed(error),
    });
    this.#senders.assign();
    this.#deliveryTimer = setInterval(() => this.#checkDelivery(), DELIVERY_CHECK_MS);
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  append(
    partition: number,
    timestampMs: number,
    value: Uint8Array,
    start: number,
    end: number,
    headers: Uint8Array | null = null,
  ): boolean {
    if (this.#failure !== null) throw this.#failure;
    if (this.#isClosed) throw new FaultlineError("kafka-closed", "append to a closed producer");
    const queue = this.#byPartition[partition];
    if (queue === undefined)
      throw new FaultlineError("assertion-failed", `partition ${partition} is not the producer's`);
    assert(Number.isSafeInteger(timestampMs) && start >= 0 && start <= end && end <= value.length, "a record's bounds");
    const length = end - start + (headers === null ? 0 : headers.length) + MAX_RECORD_FRAMING;
    const { maxRequestBytes } = this.#settings;
    if (BATCH.records + length > maxRequestBytes) throw recordTooLarge(this.#options.topic, partition, length);
    assertBuffered(this.#bufferedBytes, this.#settings);
    let open = queue.open;
    if (open !== null && open.length + length > this.#settings.maxBatchBytes) {
      queue.seal();
      open = null;
      this.#senders.of(queue)?.pump();
    }
    if (open === null) {
      this.transaction?.enlist(partition);
      open = queue.begin(monotonicUs());
      this.#bufferedBytes += BATCH.records;
      this.#senders.of(queue)?.wake();
    }
    const before = open.length;
    open.append(timestampMs, value, start, end, headers);
    this.#bufferedBytes += open.length - before;
    if (this.#bufferedBytes <= this.#settings.maxBufferedBytes) return true;
    if (!this.#isFull) {
      this.#isFull = true;
      this.kick();
    }
    return !this.#isFull; // the kick may have failed, or drained, everything
  }

  kick(): void {
    this.#senders.hurry();
  }

  async flush(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const flushed = this.#flushes.wait(this.#queues);
    this.kick();
    return flushed;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.flush();
    } finally {
      this.#release();
    }
  }

  /** Closes at once; what is not acknowledged may be lost. */
  abort(): void {
    if (this.#failure === null) this.#failure = new FaultlineError("kafka-closed", "the producer was closed");
    this.#isClosed = true;
    this.#release();
  }

  protected get isSettled(): boolean {
    return this.#queues.every((queue) => queue.isSettled);
  }

  /** Takes back the records that have no sequence numbers yet. */
  protected discardOpen(): void {
    for (const queue of this.#queues) this.#bufferedBytes -= queue.discardOpen();
    this.#drain();
  }

  /** No partition is part of the transaction any more. */
  protected expel(): void {
    for (const queue of this.#queues) queue.isEnlisted = false;
  }

  /** Fails without telling `onError`, for whoever tells of the error by itself. */
  protected giveUp(error: FaultlineError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#release();
  }

  #onResult(batch: ClosedBatch, result: PartitionProduced): void {
    if (this.#failure !== null) return;
    const queue = this.#byPartition[batch.partition]!;
    const { errorCode } = result;
    const isDuplicate = errorCode === BROKER_ERROR.duplicateSequence;
    if (errorCode === BROKER_ERROR.none || isDuplicate) {
      this.#leaders.settled();
      for (const done of queue.acknowledge(batch, isDuplicate ? -1 : result.baseOffset)) this.#report(queue, done);
    } else if (errorCode === BROKER_ERROR.outOfOrderSequence && queue.isBehindAnother(batch)) {
      queue.giveBack(batch); // it overtook a batch that must be sent again
    } else if (isRetriable(errorCode)) {
      this.#sendAgain(batch);
    } else {
      const writer = this.transaction === null ? "" : ` in a transaction of ${this.transaction.id}`;
      this.#fail(brokerError(errorCode, `producing to ${this.#options.topic}/${batch.partition}${writer}`));
    }
  }

  #report(queue: PartitionQueue, batch: ClosedBatch): void {
    this.#bufferedBytes -= batch.bytes.length;
    this.transaction?.onWritten(batch.partition, batch.baseOffset ?? -1);
    this.#options.onAck(batch.partition, batch.baseOffset ?? -1, batch.count);
    queue.release(batch);
    this.#drain();
  }

  #drain(): void {
    if (!this.#isFull || this.#bufferedBytes > this.#settings.maxBufferedBytes / 2) return;
    this.#isFull = false;
    this.#options.onDrain?.();
  }

  #sendAgain(batch: ClosedBatch): void {
    if (this.#failure !== null) return;
    const queue = this.#byPartition[batch.partition]!;
    queue.giveBack(batch);
    queue.isWaiting = true;
    this.#senders.recover();
  }

  #checkDelivery(): void {
    const { deliveryTimeoutMs } = this.#settings;
    const limitUs = monotonicUs() - deliveryTimeoutMs * 1000;
    const late = this.#queues.find((queue) => queue.waitingSinceUs < limitUs);
    if (late !== undefined) this.#fail(deliveryTimeout(this.#options.topic, late.partition, deliveryTimeoutMs));
  }

  /** After a failure, or `abort`, only what a callback has thrown can still come here. */
  #onFailed(error: FaultlineError): void {
    if (this.#failure !== null) surface(error);
    else this.#fail(error);
  }

  #onEnlisted(partition: number): void {
    const queue = this.#byPartition[partition]!;
    queue.isEnlisted = true;
    this.#senders.of(queue)?.pump();
  }

  #fail(error: FaultlineError): void {
    if (this.#failure !== null) return;
    this.giveUp(error);
    guarded(() => this.#options.onError(error));
  }

  #release(): void {
    clearInterval(this.#deliveryTimer);
    this.#leaders.close();
    this.#senders.close();
    this.#flushes.fail(this.#failure ?? new FaultlineError("kafka-closed", "the producer was closed"));
    this.#onClosed();
  }
}
