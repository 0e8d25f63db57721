import { assert, present } from "../../base/assert.ts";
import { monotonicUs } from "../../base/clock.ts";
import { FaultlineError } from "../../base/errors.ts";
import { BROKER_ERROR, brokerError, deliveryTimeout, isRetriable, recordTooLarge } from "../errors.ts";
import { BATCH } from "../record-batch/layout.ts";
import type { ProducerIdentity } from "../requests/init-producer-id.ts";
import type { PartitionProduced } from "../requests/produce.ts";
import type { TopicLeaders } from "../topic-leaders.ts";
import type { Producer, ProducerOptions } from "../types.ts";
import { Flushes } from "./flushes.ts";
import { type ClosedBatch, PartitionQueue } from "./partition-queue.ts";
import { BufferPool } from "./pool.ts";
import { ProduceSender, type SenderEvents } from "./sender.ts";
import { type ProducerSettings, producerSettings } from "./settings.ts";

/** Most bytes that a record's framing takes beside value and headers: lengths, time and offset differences, null key. */
const MAX_RECORD_FRAMING = 32;
const DELIVERY_CHECK_MS = 250;

/** The idempotent producer of one topic. Everything after construction is callbacks, except `flush` and `close`. */
export class IdempotentProducer implements Producer {
  readonly #options: ProducerOptions;
  readonly #settings: ProducerSettings;
  readonly #clientId: string;
  readonly #leaders: TopicLeaders;
  readonly #queues: readonly PartitionQueue[];
  readonly #byPartition: (PartitionQueue | undefined)[] = [];
  readonly #senders = new Map<number, ProduceSender>();
  readonly #deliveryTimer: NodeJS.Timeout;
  readonly #flushes = new Flushes();
  readonly #onClosed: () => void;
  readonly #events: SenderEvents;
  #bufferedBytes = 0;
  #isFull = false;
  #failure: FaultlineError | null = null;
  #isClosed = false;

  /** `leaders` must know the topic; `onClosed` is called when the producer holds no resources any more. */
  constructor(
    options: ProducerOptions,
    clientId: string,
    identity: ProducerIdentity,
    leaders: TopicLeaders,
    onClosed: () => void,
  ) {
    this.#options = options;
    this.#settings = producerSettings(options);
    this.#clientId = clientId;
    this.#leaders = leaders;
    this.#onClosed = onClosed;
    this.#events = {
      onResult: (batch, result) => this.#onResult(batch, result),
      onUnanswered: (batch) => this.#sendAgain(batch),
      onDown: () => this.#recover(),
      onFailed: (error) => this.#fail(error),
    };
    const pool = new BufferPool();
    this.#queues = options.partitions.map((partition) => new PartitionQueue(partition, identity, pool));
    for (const queue of this.#queues) this.#byPartition[queue.partition] = queue;
    this.#assignLeaders();
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
    this.#checkBounds(partition, length);
    let open = queue.open;
    if (open !== null && open.length + length > this.#settings.maxBatchBytes) {
      queue.seal();
      open = null;
      this.#senders.get(queue.leader)?.pump();
    }
    if (open === null) {
      open = queue.begin(monotonicUs());
      this.#bufferedBytes += BATCH.records;
      this.#senders.get(queue.leader)?.wake();
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
    for (const sender of this.#senders.values()) sender.hurry();
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

  #checkBounds(partition: number, length: number): void {
    const { maxRequestBytes, maxBufferedBytes } = this.#settings;
    if (BATCH.records + length > maxRequestBytes) throw recordTooLarge(this.#options.topic, partition, length);
    const hardBound = 2 * maxBufferedBytes + maxRequestBytes;
    assert(this.#bufferedBytes <= hardBound, "append must stop when it returned false", {
      bufferedBytes: this.#bufferedBytes,
      hardBound,
    });
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
      this.#fail(brokerError(errorCode, `producing to ${this.#options.topic}/${batch.partition}`));
    }
  }

  #report(queue: PartitionQueue, batch: ClosedBatch): void {
    this.#bufferedBytes -= batch.bytes.length;
    this.#options.onAck(batch.partition, batch.baseOffset ?? -1, batch.count);
    queue.release(batch);
    if (!this.#isFull || this.#bufferedBytes > this.#settings.maxBufferedBytes / 2) return;
    this.#isFull = false;
    this.#options.onDrain?.();
  }

  #sendAgain(batch: ClosedBatch): void {
    if (this.#failure !== null) return;
    const queue = this.#byPartition[batch.partition]!;
    queue.giveBack(batch);
    queue.isWaiting = true;
    this.#recover();
  }

  /** Learns the leaders anew, then goes on. */
  #recover(): void {
    if (this.#failure !== null) return;
    this.#leaders.refreshSoon((error) => {
      if (this.#failure !== null) return;
      if (error !== null) this.#fail(error);
      else this.#assignLeaders();
    });
  }

  #assignLeaders(): void {
    for (const sender of this.#senders.values()) sender.queues.length = 0;
    let isMissing = false;
    for (const queue of this.#queues) {
      const leader = this.#leaders.leaderOf(queue.partition);
      // What an old leader has not answered yet must be settled before a new one gets anything.
      const mayMove = queue.leader === leader || queue.inFlight === 0;
      if (mayMove) queue.leader = leader;
      else isMissing = true;
      queue.isWaiting = leader < 0 || !mayMove;
      if (leader < 0) isMissing = true;
      if (queue.leader >= 0) this.#sender(queue.leader).queues.push(queue);
    }
    for (const [nodeId, sender] of this.#senders) {
      if (sender.queues.length > 0) sender.hurry();
      else this.#dismiss(nodeId, sender);
    }
    if (isMissing) this.#recover();
  }

  #sender(nodeId: number): ProduceSender {
    const endpoint = this.#leaders.endpoint(nodeId);
    const known = this.#senders.get(nodeId);
    if (known !== undefined) {
      if (endpoint !== undefined) known.moveTo(endpoint);
      return known;
    }
    const { topic } = this.#options;
    const options = { ...this.#settings, topic, clientId: this.#clientId };
    const sender = new ProduceSender(present(endpoint, `address of broker ${nodeId}`), options, this.#events);
    this.#senders.set(nodeId, sender);
    return sender;
  }

  /** A broker that leads nothing of ours any more: perhaps it has left the cluster, and would be called for ever. */
  #dismiss(nodeId: number, sender: ProduceSender): void {
    sender.close();
    this.#senders.delete(nodeId);
  }

  #checkDelivery(): void {
    const { deliveryTimeoutMs } = this.#settings;
    const limitUs = monotonicUs() - deliveryTimeoutMs * 1000;
    const late = this.#queues.find((queue) => queue.waitingSinceUs < limitUs);
    if (late !== undefined) this.#fail(deliveryTimeout(this.#options.topic, late.partition, deliveryTimeoutMs));
  }

  #fail(error: FaultlineError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#release();
    this.#options.onError(error);
  }

  #release(): void {
    clearInterval(this.#deliveryTimer);
    this.#leaders.close();
    for (const sender of this.#senders.values()) sender.close();
    this.#flushes.fail(this.#failure ?? new FaultlineError("kafka-closed", "the producer was closed"));
    this.#onClosed();
  }
}
