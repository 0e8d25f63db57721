import { present } from "../base/assert.ts";
import { FaultlineError } from "../base/errors.ts";
import type { Endpoint } from "./connection.ts";
import { ControlChannel } from "./control.ts";
import { errorCodeOf, isRetriable } from "./errors.ts";
import { PartitionFetcher } from "./fetcher/fetcher.ts";
import { LeaderRequests } from "./leader-requests.ts";
import { IdempotentProducer } from "./producer/producer.ts";
import { KafkaTransactionalProducer } from "./producer/transactional.ts";
import { API } from "./requests/api.ts";
import { readDeleteRecordsResponse, writeDeleteRecordsRequest } from "./requests/delete-records.ts";
import { readInitProducerIdResponse, writeInitProducerIdRequest } from "./requests/init-producer-id.ts";
import { readMetadataResponse, writeMetadataRequest } from "./requests/metadata.ts";
import { TopicLeaders } from "./topic-leaders.ts";
import { commitPrepared, type PreparedLog } from "./transactions/commit-prepared.ts";
import { TransactionCoordinator } from "./transactions/coordinator.ts";
import type {
  ClusterMetadata,
  Fetcher,
  FetcherOptions,
  Isolation,
  KafkaClientOptions,
  PreparedTransaction,
  Producer,
  ProducerOptions,
  TransactionalProducer,
  TransactionOptions,
} from "./types.ts";

export type * from "./record-batch/view.ts";
export type * from "./types.ts";

/**
 * A thin Kafka client for the hot paths: idempotent and transactional produce, long-poll fetch, metadata and offsets, in plain text.
 * Brokers 2.7 to 4.x. After `connect`, producing and fetching are callbacks only.
 */
export class KafkaClient {
  readonly #clientId: string;
  readonly #control: ControlChannel;
  readonly #leaders: LeaderRequests;
  readonly #closers = new Set<() => void>();

  private constructor(clientId: string, control: ControlChannel) {
    this.#clientId = clientId;
    this.#control = control;
    this.#leaders = new LeaderRequests(control, (topics) => this.metadata(topics));
  }

  /** Throws `kafka-unreachable`, `kafka-unsupported`, or `usage` for an address that is not `host:port`. */
  static async connect(options: KafkaClientOptions): Promise<KafkaClient> {
    const { brokers, clientId, timeoutMs = 10_000 } = options;
    const client = new KafkaClient(clientId, new ControlChannel(brokers.map(parseAddress), clientId, timeoutMs));
    try {
      await client.metadata([]);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /** Brokers and, of `topics`, partitions and leaders. An unknown topic is in the result with its error code. */
  async metadata(topics: readonly string[]): Promise<ClusterMetadata> {
    const metadata = await this.#control.askAny({
      api: API.metadata,
      write: (writer) => writeMetadataRequest(writer, topics),
      read: readMetadataResponse,
    });
    this.#control.learn(metadata.brokers);
    return metadata;
  }

  /**
   * Offsets of the first record kept (`earliest`) or of the next to be written (`latest`), in the order of `partitions`. With
   * `read_committed`, the latter is the first that is part of an open transaction, if there is one.
   * Throws `kafka-unknown-topic`, or `kafka-unreachable` when leaders stay away.
   */
  listOffsets(
    topic: string,
    partitions: readonly number[],
    which: "earliest" | "latest",
    isolation: Isolation = "read_uncommitted",
  ): Promise<number[]> {
    return this.#leaders.listOffsets(topic, partitions, which, isolation);
  }

  /**
   * Deletes the records of a partition before `offset`; those after it keep their offsets. Asked once: throws `kafka-timeout` or
   * `kafka-unreachable` when it may be tried again, and the broker's error where the topic does not permit it (compacted ones do not).
   */
  async deleteRecords(topic: string, partition: number, offset: number): Promise<void> {
    const { timeoutMs } = this.#control;
    await this.#leaders.ask(topic, partition, {
      api: API.deleteRecords,
      write: (writer) => writeDeleteRecordsRequest(writer, topic, partition, offset, timeoutMs),
      read: (reader) => readDeleteRecordsResponse(reader, `deleting records of ${topic}/${partition}`),
    });
  }

  /** An idempotent producer. Throws `kafka-unknown-topic`. Close it when done. */
  async producer(options: ProducerOptions): Promise<Producer> {
    const leaders = await this.#leaders.leadersOf(options.topic, options.partitions);
    const identity = await this.#control.askAny(
      {
        api: API.initProducerId,
        write: (writer) => writeInitProducerIdRequest(writer, null),
        read: (reader) => readInitProducerIdResponse(reader),
      },
      (error) => isRetriable(errorCodeOf(error) ?? 0),
    );
    return this.#own((onClosed) => {
      const parts = { options, clientId: this.#clientId, identity, leaders, coordinator: null, onClosed };
      return new IdempotentProducer(parts);
    });
  }

  /**
   * A producer of transactions. It claims the transactional id: its former holder is fenced, what that one left open is aborted.
   * Throws `kafka-unknown-topic`, or `kafka-unsupported` for a timeout above what the broker permits.
   */
  async transactionalProducer(
    options: ProducerOptions,
    { id, timeoutMs }: TransactionOptions,
  ): Promise<TransactionalProducer> {
    const leaders = await this.#leaders.leadersOf(options.topic, options.partitions);
    const coordinator = new TransactionCoordinator(this.#control, id);
    const identity = await coordinator.claim(timeoutMs);
    return this.#own((onClosed) => {
      const parts = { options, clientId: this.#clientId, identity, leaders, coordinator, onClosed };
      return new KafkaTransactionalProducer(parts);
    });
  }

  /**
   * Commits what an earlier holder of the transactional id has prepared in `topic`; before anybody claims the id, which would abort it.
   * Resolves also when it is committed already. Throws `transaction-lost` when it was aborted.
   */
  commitPrepared(topic: string, prepared: PreparedTransaction): Promise<void> {
    return commitPrepared(new TransactionCoordinator(this.#control, prepared.id), this.#preparedLog(topic), prepared);
  }

  /** A fetcher of assigned partitions, not started yet. An unknown topic is reported to `onError`. */
  fetcher(options: FetcherOptions): Fetcher {
    const leaders = new TopicLeaders(options.topic, (topics) => this.metadata(topics));
    const closer = () => fetcher.close();
    const fetcher = new PartitionFetcher(options, this.#clientId, leaders, () => this.#closers.delete(closer));
    this.#closers.add(closer);
    return fetcher;
  }

  /** Closes all connections at once, also those of producers (flush them before) and fetchers. */
  async close(): Promise<void> {
    for (const closer of [...this.#closers]) closer();
    this.#control.close();
  }

  /** Makes a producer that is closed with this client unless it has been before. */
  #own<P extends Producer>(make: (onClosed: () => void) => P): P {
    const closer = () => producer.abort();
    const producer = make(() => this.#closers.delete(closer));
    this.#closers.add(closer);
    return producer;
  }

  #preparedLog(topic: string): PreparedLog {
    return {
      topic,
      lastStableOffset: async (partition) => {
        const [offset] = await this.listOffsets(topic, [partition], "latest", "read_committed");
        return present(offset, "last stable offset");
      },
      askLeader: (partition, call) => this.#leaders.ask(topic, partition, call),
    };
  }
}

function parseAddress(address: string): Endpoint {
  const separator = address.lastIndexOf(":");
  const port = Number(address.slice(separator + 1));
  const host = address.slice(0, separator).replace(/^\[(.*)\]$/, "$1");
  if (separator < 1 || host === "" || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw new FaultlineError("usage", `not a broker address: ${address}`, { hint: "Write it as host:port." });
  }
  return { host, port };
}
