import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { BrokerLink } from "../broker-link.ts";
import type { Endpoint } from "../connection.ts";
import { API } from "../requests/api.ts";
import { type PartitionProduced, readProduceResponse, writeProduceRequest } from "../requests/produce.ts";
import type { ClosedBatch, PartitionQueue } from "./partition-queue.ts";

/** Bytes of batches in one request; what is left over goes with the next. */
const MAX_BYTES_PER_REQUEST = 16 * 1024 * 1024;

export interface SenderOptions {
  readonly topic: string;
  readonly clientId: string;
  readonly maxInFlight: number;
  readonly lingerMs: number;
  readonly requestTimeoutMs: number;
  /** Null for batches without transaction. */
  readonly transactionalId: string | null;
}

export interface SenderEvents {
  /** The broker's word on one batch. */
  onResult(batch: ClosedBatch, result: PartitionProduced): void;
  /** A batch without an answer: sent or not, written or not. */
  onUnanswered(batch: ClosedBatch): void;
  onDown(): void;
  onFailed(error: FaultlineError): void;
}

/**
 * Sends the batches of all partitions that one broker leads, together in one request. While `maxInFlight` requests are
 * unanswered, records gather in the open batches: the busier the broker, the larger the batches.
 */
export class ProduceSender {
  readonly queues: PartitionQueue[] = [];
  readonly #options: SenderOptions;
  readonly #events: SenderEvents;
  readonly #link: BrokerLink;
  readonly #timeoutOnBrokerMs: number;
  #inFlight = 0;
  #first = 0;
  #isDue = false;
  #linger: NodeJS.Timeout | NodeJS.Immediate | null = null;
  #isClosed = false;

  constructor(endpoint: Endpoint, options: SenderOptions, events: SenderEvents) {
    this.#options = options;
    this.#events = events;
    this.#timeoutOnBrokerMs = Math.ceil(options.requestTimeoutMs / 2);
    this.#link = new BrokerLink(endpoint, options.clientId, {
      onReady: () => this.pump(),
      onDown: () => this.#events.onDown(),
      onUnusable: (error) => this.#events.onFailed(error),
    });
  }

  moveTo(endpoint: Endpoint): void {
    this.#link.moveTo(endpoint);
  }

  /** There is a first record in an open batch: it goes when the linger time is over, without one at the end of this turn. */
  wake(): void {
    if (this.#linger !== null || this.#isClosed) return;
    const { lingerMs } = this.#options;
    this.#linger = lingerMs === 0 ? setImmediate(() => this.#onLinger()) : setTimeout(() => this.#onLinger(), lingerMs);
  }

  /** All open batches are due now. */
  hurry(): void {
    this.#isDue = true;
    this.pump();
  }

  /** Sends what is due, as far as the cap permits. */
  pump(): void {
    while (!this.#isClosed && this.#link.isReady && this.#inFlight < this.#options.maxInFlight) {
      if (!this.#isDue && !this.queues.some((queue) => queue.hasReady)) return;
      const batches = this.#collect();
      if (batches.length === 0) return;
      this.#send(batches);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#stopLinger();
    this.#link.close();
  }

  #onLinger(): void {
    this.#linger = null;
    this.hurry();
  }

  #stopLinger(): void {
    if (this.#linger === null) return;
    if (this.#options.lingerMs === 0) clearImmediate(this.#linger as NodeJS.Immediate);
    else clearTimeout(this.#linger as NodeJS.Timeout);
    this.#linger = null;
  }

  /** At most one batch of each partition, beginning with another partition every time. */
  #collect(): ClosedBatch[] {
    const batches: ClosedBatch[] = [];
    const count = this.queues.length;
    let bytes = 0;
    for (let i = 0; i < count && bytes < MAX_BYTES_PER_REQUEST; i++) {
      const batch = this.queues[(this.#first + i) % count]!.takeNext();
      if (batch === null) continue;
      batches.push(batch);
      bytes += batch.bytes.length;
    }
    if (count > 0) this.#first = (this.#first + 1) % count;
    // A closed batch went before the open one behind it, or the request was full: what is open is still due.
    this.#isDue = this.#isDue && (bytes >= MAX_BYTES_PER_REQUEST || this.queues.some(({ open }) => open !== null));
    return batches;
  }

  #send(batches: readonly ClosedBatch[]): void {
    const frame = this.#link.begin(API.produce);
    const { topic, transactionalId } = this.#options;
    writeProduceRequest(frame, topic, this.#timeoutOnBrokerMs, batches, transactionalId);
    this.#inFlight += 1;
    this.#link.send(frame, this.#options.requestTimeoutMs, {
      onResponse: (reader) => {
        const results = readProduceResponse(reader);
        this.#inFlight -= 1;
        this.#settle(batches, results);
      },
      onFailure: () => {
        this.#inFlight -= 1;
        for (const batch of batches) this.#events.onUnanswered(batch);
      },
    });
  }

  /** A throw in here comes from callbacks of the producer's user: it fails the producer and not the connection. */
  #settle(batches: readonly ClosedBatch[], results: readonly PartitionProduced[]): void {
    try {
      for (const batch of batches) {
        if (this.#isClosed) return;
        const result = results.find(({ partition }) => partition === batch.partition);
        if (result === undefined) {
          throw new FaultlineError("kafka-protocol", `the broker's answer lacks partition ${batch.partition}`);
        }
        this.#events.onResult(batch, result);
      }
      this.pump();
    } catch (error) {
      this.#events.onFailed(asFaultlineError(error));
    }
  }
}
