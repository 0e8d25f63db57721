import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs } from "../base/clock.ts";
import { FaultlineError } from "../base/errors.ts";
import { Backoff } from "./backoff.ts";
import type { Endpoint } from "./connection.ts";
import type { Call, ControlChannel } from "./control.ts";
import { BROKER_ERROR, brokerError, isRetriable } from "./errors.ts";
import { API } from "./requests/api.ts";
import { readListOffsetsResponse, writeListOffsetsRequest } from "./requests/list-offsets.ts";
import { TopicLeaders } from "./topic-leaders.ts";
import type { ClusterMetadata, Isolation } from "./types.ts";

/** How long a topic that was just created may be unknown to a broker. */
const NEW_TOPIC_MS = 1_000;

/** Requests that only the leader of a partition answers: finds it, asks it. */
export class LeaderRequests {
  readonly #control: ControlChannel;
  readonly #fetchMetadata: (topics: readonly string[]) => Promise<ClusterMetadata>;

  constructor(control: ControlChannel, fetchMetadata: (topics: readonly string[]) => Promise<ClusterMetadata>) {
    this.#control = control;
    this.#fetchMetadata = fetchMetadata;
  }

  /** Asks the leader of the partition once. Throws `kafka-unknown-topic`, or `kafka-unreachable` when there is no leader. */
  async ask<T>(topic: string, partition: number, call: Call<T>): Promise<T> {
    const leaders = await this.leadersOf(topic, [partition]);
    return this.#control.ask(leaderEndpoint(leaders, leaders.leaderOf(partition)), call);
  }

  /** Offsets as `KafkaClient.listOffsets` says; asked again while leaders are away. */
  async listOffsets(
    topic: string,
    partitions: readonly number[],
    which: "earliest" | "latest",
    isolation: Isolation,
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

  /** The leaders of a topic with at least these partitions; waits a little for one that is new. Throws `kafka-unknown-topic`. */
  async leadersOf(topic: string, partitions: readonly number[]): Promise<TopicLeaders> {
    const leaders = new TopicLeaders(topic, this.#fetchMetadata);
    const endUs = monotonicUs() + NEW_TOPIC_MS * 1000;
    for (;;) {
      const metadata = await this.#fetchMetadata([topic]);
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
    const leaders = await this.leadersOf(topic, partitions);
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
