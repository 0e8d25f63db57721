import type { FaultlineError } from "../base/errors.ts";
import { Backoff } from "./backoff.ts";
import type { Endpoint } from "./connection.ts";
import { BROKER_ERROR, brokerError, isRetriable } from "./errors.ts";
import type { ClusterMetadata } from "./types.ts";

/** How long a topic that was known may be unknown before it counts as deleted: a broker that starts may not have heard of it. */
const UNKNOWN_TOPIC_MS = 5_000;

/** Which broker leads which partition of one topic, as last heard. */
export class TopicLeaders {
  readonly topic: string;
  readonly #fetchMetadata: (topics: readonly string[]) => Promise<ClusterMetadata>;
  readonly #backoff = new Backoff(20, 500);
  #leaders: readonly number[] = [];
  #endpoints: ReadonlyMap<number, Endpoint> = new Map();
  #unknownForMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #isRefreshing = false;
  #isClosed = false;

  constructor(topic: string, fetchMetadata: (topics: readonly string[]) => Promise<ClusterMetadata>) {
    this.topic = topic;
    this.#fetchMetadata = fetchMetadata;
  }

  /** Node id of the partition's leader, −1 when there is none at the moment. */
  leaderOf(partition: number): number {
    const leader = this.#leaders[partition] ?? -1;
    return this.#endpoints.has(leader) ? leader : -1;
  }

  /** Undefined for a broker that has left the cluster. */
  endpoint(nodeId: number): Endpoint | undefined {
    return this.#endpoints.get(nodeId);
  }

  /**
   * Asks again after a back-off that grows until `settled`; at most one such request is under way.
   * Calls `onDone(null)` with the answer in place, or `onDone(error)` when the topic stays unknown. Unreachable brokers are asked again.
   */
  refreshSoon(onDone: (error: FaultlineError | null) => void): void {
    if (this.#isRefreshing || this.#isClosed) return;
    this.#isRefreshing = true;
    const waitedMs = this.#backoff.next();
    this.#timer = setTimeout(() => {
      this.#fetchMetadata([this.topic]).then(
        (metadata) => this.#finish(metadata, waitedMs, onDone),
        () => {
          // Unreachable: whoever waits has its own bound on time, so keep asking.
          this.#isRefreshing = false;
          this.refreshSoon(onDone);
        },
      );
    }, waitedMs);
  }

  /** Requests succeed again: the next refresh is a first one. */
  settled(): void {
    this.#backoff.reset();
    this.#unknownForMs = 0;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Takes over `metadata`; returns the error code of the topic in it. */
  apply(metadata: ClusterMetadata): number {
    const topic = metadata.topics.find(({ name }) => name === this.topic);
    if (topic === undefined || topic.errorCode !== 0) return topic?.errorCode ?? BROKER_ERROR.unknownTopicOrPartition;
    const leaders: number[] = [];
    for (const { partition, leader } of topic.partitions) leaders[partition] = leader;
    this.#leaders = leaders;
    this.#endpoints = new Map(metadata.brokers.map((broker) => [broker.nodeId, broker]));
    return 0;
  }

  #finish(metadata: ClusterMetadata, waitedMs: number, onDone: (error: FaultlineError | null) => void): void {
    this.#isRefreshing = false;
    if (this.#isClosed) return;
    const errorCode = this.apply(metadata);
    if (errorCode === BROKER_ERROR.unknownTopicOrPartition) {
      this.#unknownForMs += waitedMs;
      if (this.#unknownForMs >= UNKNOWN_TOPIC_MS) onDone(brokerError(errorCode, `finding topic ${this.topic}`));
      else this.refreshSoon(onDone);
      return;
    }
    const isFatal = errorCode !== BROKER_ERROR.none && !isRetriable(errorCode);
    onDone(isFatal ? brokerError(errorCode, `finding topic ${this.topic}`) : null);
  }
}
