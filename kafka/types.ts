import type { FaultlineError } from "../base/errors.ts";
import type { RecordBatchView } from "./record-batch/view.ts";

export interface KafkaClientOptions {
  /** `host:port` of one or more brokers; the rest of the cluster is learnt from their metadata. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** How long connecting, and each control request (metadata, offsets), may take with all its retries. Default 10,000. */
  readonly timeoutMs?: number;
}

export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface PartitionMetadata {
  readonly partition: number;
  /** Node id of the leader, −1 while there is none. */
  readonly leader: number;
}

export interface TopicMetadata {
  readonly name: string;
  /** The broker's error code; 0 = none. */
  readonly errorCode: number;
  readonly partitions: readonly PartitionMetadata[];
}

export interface ClusterMetadata {
  readonly clusterId: string | null;
  readonly brokers: readonly BrokerAddress[];
  readonly topics: readonly TopicMetadata[];
}

export interface ProducerOptions {
  readonly topic: string;
  /** The partitions that this producer writes. */
  readonly partitions: readonly number[];
  /** All in-sync replicas acknowledge; nothing less is offered, because the producer is idempotent. */
  readonly acks: -1;
  /** How long an open batch waits for more records when no request is in flight; rounded up to whole milliseconds. Default 0. */
  readonly lingerUs?: number;
  /** Produce requests in flight per broker, 1 to 5. Default 1: what arrives meanwhile forms the next batch. */
  readonly maxInFlight?: number;
  /** Size at which a partition's open batch is closed. Default 256 KiB. */
  readonly maxBatchBytes?: number;
  /** Bytes not yet acknowledged above which `append` returns false. Default 32 MiB. */
  readonly maxBufferedBytes?: number;
  /** Largest batch, so also record with its framing, that is sent. Default 1 MiB, which is what brokers accept by default. */
  readonly maxRequestBytes?: number;
  /** An unanswered request breaks its connection after this time, and is sent again on a new one. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** A batch that is not acknowledged this long after its first record fails the producer. Default 120,000. */
  readonly deliveryTimeoutMs?: number;
  /**
   * `count` records of `partition` are safely written, the first at `baseOffset`; −1 where the broker only says that it already had them.
   * Per partition in the order of `append`.
   */
  onAck(partition: number, baseOffset: number, count: number): void;
  /** The producer has failed for good: what is not acknowledged may or may not be written. Called at most once. */
  onError(error: FaultlineError): void;
  /** Buffered bytes are back below half of the bound after `append` returned false. */
  onDrain?(): void;
}

export interface Producer {
  /**
   * Copies `value[start, end)` as one record without key into the partition's open batch.
   * `timestampMs`: its CreateTime, epoch milliseconds. Keep it near the present: a broker that restarts forgets producers whose
   * last CreateTime is older than its `producer.id.expiration.ms` (one day by default), and may then write a batch twice.
   * `headers`: a whole header section made by `encodeHeaders`, null or absent for none.
   * Returns false when too many bytes are buffered: the record was taken, and the caller must wait for `onDrain`.
   * Throws `kafka-record-too-large` (nothing taken), `kafka-closed` after `close`, or the error that failed the producer.
   */
  append(
    partition: number,
    timestampMs: number,
    value: Uint8Array,
    start: number,
    end: number,
    headers?: Uint8Array | null,
  ): boolean;
  /** Sends what is buffered now, as far as the cap on requests in flight permits, without waiting for the linger time or the end of this turn. */
  kick(): void;
  /** Resolves when everything appended so far is acknowledged; rejects when the producer fails. */
  flush(): Promise<void>;
  readonly bufferedBytes: number;
  /** Flushes, then closes the connections. Rejects when the producer has failed; the connections are closed all the same. */
  close(): Promise<void>;
  /** Closes at once: what is buffered is not sent, what is not acknowledged may or may not be written. */
  abort(): void;
}

export interface TransactionOptions {
  /** Transactional id: one producer at a time. */
  readonly id: string;
  /** The broker aborts a transaction that is open for so long. */
  readonly timeoutMs: number;
}

/** A transaction whose records are all written and that waits for its end. Plain JSON. */
export interface PreparedTransaction {
  readonly id: string;
  readonly producerId: number;
  readonly epoch: number;
  readonly partition: number;
  /** Where in `partition` its first record lies; −1 in the rare case that no broker told. */
  readonly firstOffset: number;
}

/** Its records are in a transaction that begins with the first one after the end of the one before. */
export interface TransactionalProducer extends Producer {
  /** The open transaction, null when there is none; all records must be acknowledged. */
  prepared(): PreparedTransaction | null;
  /**
   * Makes the transaction visible; all records must be acknowledged, and none appended before it resolves. Rejects with `kafka-fenced`
   * when somebody else has claimed the id; the producer has then failed, and `onError` does not tell it once more.
   */
  commitTransaction(): Promise<void>;
  /** Takes the transaction back, rejects like `commitTransaction`. Records not acknowledged so far may stay so. */
  abortTransaction(): Promise<void>;
  /** As of any producer. An open transaction stays open, for `KafkaClient.commitPrepared` or until its timeout. */
  close(): Promise<void>;
}

export type Isolation = "read_uncommitted" | "read_committed";

export interface FetcherOptions {
  readonly topic: string;
  /** Where to begin: `offset` is the first record wanted. */
  readonly assignments: readonly { readonly partition: number; readonly offset: number }[];
  readonly isolation: Isolation;
  /** How long the broker holds a request that has nothing to answer. Default 500. */
  readonly maxWaitMs?: number;
  /** Bytes that the broker waits for, at most `maxWaitMs`. Default 1. */
  readonly minBytes?: number;
  /** Default 1 MiB. */
  readonly maxBytesPerPartition?: number;
  /**
   * How long to rest between an answer and the next request, ms: fewer requests and larger batches for a longer wait. An answer that
   * shows a backlog is followed at once. Default 0.
   */
  readonly restMs?: number;
  /** An unanswered request breaks its connection after this time beyond `maxWaitMs`. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** A partition for which no broker answers for this long beyond `maxWaitMs`, pauses not counted, fails the fetcher. Default 60,000. */
  readonly unreachableTimeoutMs?: number;
  /** One batch of records, in offset order per partition. The view is valid only during the call. */
  onBatch(view: RecordBatchView): void;
  /** Behind what was delivered, the partition has nothing for readers before `nextOffset`: control records, emptied batches. */
  onSkipped?(partition: number, nextOffset: number): void;
  /** The fetcher has failed and delivers nothing more. Called at most once. Broken connections are repaired, not reported. */
  onError(error: FaultlineError): void;
}

export interface Fetcher {
  start(): void;
  /** Back-pressure: no new request until `resume`. What is already asked for is still delivered. */
  pause(): void;
  resume(): void;
  /** Asks no more for one partition, or does again: while held it gives no more than what is already under way. */
  hold(partition: number, held: boolean): void;
  /** The offset of the next record that will be delivered of `partition`. */
  position(partition: number): number;
  close(): void;
}
