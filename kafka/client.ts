import { setTimeout as delay } from "node:timers/promises";
import { present } from "../base/assert.ts";
import { monotonicUs } from "../base/clock.ts";
import { FaultlineError } from "../base/errors.ts";
import { Backoff } from "./backoff.ts";
import type { Endpoint } from "./connection.ts";
import { ControlChannel } from "./control.ts";
import { BROKER_ERROR, brokerError, errorCodeOf, isRetriable } from "./errors.ts";
import { PartitionFetcher } from "./fetcher/fetcher.ts";
import { IdempotentProducer } from "./producer/producer.ts";
import { KafkaTransactionalProducer } from "./producer/transactional.ts";
import { API } from "./requests/api.ts";
import { readInitProducerIdResponse, writeInitProducerIdRequest } from "./requests/init-producer-id.ts";
import { readListOffsetsResponse, writeListOffsetsRequest } from "./requests/list-offsets.ts";
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

/** How long a topic that was just created may be unknown to a broker. */
const NEW_TOPIC_MS = 1_000;

/**
 * A thin Kafka client for the hot paths: idempotent and transactional produce, long-poll fetch, metadata and offsets, in plain text.
 * Brokers 2.7 to 4.x. After `connect`, producing and fetching are callbacks only.
 */
export class KafkaClient {
  readonly #clientId: string;
  readonly #control: ControlChannel;
  readonly #closers = new Set<() => void>();

  private constructor(clientId: string, control: ControlChannel) {
    this.#clientId = clientId;
    this.#control = control;
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
  async listOffsets(
    topic: string,
    partitions: readonly number[],
    which: "earliest" | "latest",
    isolation: Isolation = "read_uncommitted",
  ): Promise<number[]> {
    const endUs = monotonicUs() + this.#control.timeoutMs * 1000;
    const backoff = new Backoff(20, 500);
    for (;;) {
      try {
        return await this.#listOffsetsOnce(topic, partitions, which, isolation);
      } catch (error) {
        const mayPass =
          error instanceof FaultlineError && (error.code === "kafka-unreachable" || error.code === "kafka-timeout");
        if (!mayPass || monotonicUs() > endUs) throw error;
        await delay(backoff.next());
      }
    }
  }

  /** An idempotent producer. Throws `kafka-unknown-topic`. Close it when done. */
  async producer(options: ProducerOptions): Promise<Producer> {
    const leaders = await this.#leadersOf(options.topic, options.partitions);
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
    const leaders = await this.#leadersOf(options.topic, options.partitions);
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
      askLeader: async (partition, call) => {
        const leaders = await this.#leadersOf(topic, [partition]);
        return this.#control.ask(leaderEndpoint(leaders, leaders.leaderOf(partition)), call);
      },
    };
  }

  async #leadersOf(topic: string, partitions: readonly number[]): Promise<TopicLeaders> {
    const leaders = new TopicLeaders(topic, (topics) => this.metadata(topics));
    const endUs = monotonicUs() + NEW_TOPIC_MS * 1000;
    for (;;) {
      const metadata = await this.metadata([topic]);
      const errorCode = leaders.apply(metadata);
      const known = metadata.topics.find(({ name }) => name === topic)?.partitions ?? [];
      const missing = partitions.find((wanted) => !known.some(({ partition }) => partition === wanted));
      if (errorCode === 0 && missing === undefined) return leaders;
      if (monotonicUs() > endUs || (errorCode !== 0 && !isRetriable(errorCode))) {
        const what = missing === undefined ? topic : `${topic}/${missing}`;
        throw brokerError(errorCode === 0 ? BROKER_ERROR.unknownTopicOrPartition : errorCode, `finding ${what}`);
      }
      await delay(50);
    }
  }

  async #listOffsetsOnce(
    topic: string,
    partitions: readonly number[],
    which: "earliest" | "latest",
    isolation: Isolation,
  ): Promise<number[]> {
    const leaders = await this.#leadersOf(topic, partitions);
    const offsets = new Map<number, number>();
    const nodeIds = new Set(partitions.map((partition) => leaders.leaderOf(partition)));
    for (const nodeId of nodeIds) {
      const led = partitions.filter((partition) => leaders.leaderOf(partition) === nodeId);
      const answers = await this.#control.ask(leaderEndpoint(leaders, nodeId), {
        api: API.listOffsets,
        write: (writer) => writeListOffsetsRequest(writer, topic, led, which, isolation),
        read: readListOffsetsResponse,
      });
      for (const { partition, errorCode, offset } of answers) {
        if (errorCode !== 0) {
          const error = brokerError(errorCode, `asking for offsets of ${topic}/${partition}`);
          throw isRetriable(errorCode) ? new FaultlineError("kafka-timeout", error.message, { cause: error }) : error;
        }
        offsets.set(partition, offset);
      }
    }
    return partitions.map((partition) => offsets.get(partition) ?? -1);
  }
}

function leaderEndpoint(leaders: TopicLeaders, nodeId: number): Endpoint {
  const endpoint = leaders.endpoint(nodeId);
  if (endpoint !== undefined) return endpoint;
  throw new FaultlineError("kafka-unreachable", `partitions of ${leaders.topic} have no leader`);
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
