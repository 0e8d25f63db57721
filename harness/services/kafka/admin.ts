import { setTimeout as delay } from "node:timers/promises";
import kafkajs, { type Admin } from "kafkajs";
import { monotonicUs } from "../../../base/clock.ts";
import { asFaultlineError, FaultlineError } from "../../../base/errors.ts";
import { silenceNegativeTimeouts } from "./kafkajs-warnings.ts";

const LEADERS_TIMEOUT_MS = 20_000;
const LEADERS_POLL_MS = 20;
/** What a broker answers about a topic that it is about to have. */
const NOT_YET = ["UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"];

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  /** Topic settings of Kafka, like `message.timestamp.type: LogAppendTime`. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface TopicDescription {
  readonly topic: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

/** Topics, through kafkajs. Deletes only what it created. */
export class KafkaAdmin {
  readonly #admin: Admin;
  readonly #created = new Set<string>();

  private constructor(admin: Admin) {
    this.#admin = admin;
  }

  /** Throws `kafka-unreachable`. */
  static async connect(brokers: readonly string[]): Promise<KafkaAdmin> {
    silenceNegativeTimeouts();
    const kafka = new kafkajs.Kafka({
      clientId: "faultline-admin",
      brokers: [...brokers],
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { initialRetryTime: 50, retries: 8, maxRetryTime: 1_000 },
    });
    const admin = kafka.admin();
    try {
      await admin.connect();
    } catch (cause) {
      throw new FaultlineError("kafka-unreachable", `no Kafka at ${brokers.join(", ")}`, {
        hint: "Check that the broker runs and that the address is right.",
        cause,
      });
    }
    return new KafkaAdmin(admin);
  }

  /** Names of the topics that this object created and has not deleted. */
  get created(): readonly string[] {
    return [...this.#created];
  }

  /** Names of all topics of the cluster, sorted. */
  async listTopics(): Promise<string[]> {
    return (await this.#admin.listTopics()).sort();
  }

  /** Creates the topics with one replica and resolves when they have leaders. Throws `run-failed` when one exists already. */
  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    const existing = new Set(await this.listTopics());
    const taken = specs.filter(({ topic }) => existing.has(topic)).map(({ topic }) => topic);
    if (taken.length > 0) throw topicsExist(taken);
    const topics = specs.map(({ topic, partitions, config = {} }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor: 1,
      configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
    }));
    let isCreated: boolean;
    try {
      isCreated = await this.#admin.createTopics({ topics, waitForLeaders: false });
    } catch (cause) {
      throw asFaultlineError(cause, "run-failed");
    }
    // Somebody else was faster: theirs are not ours to delete.
    if (!isCreated) throw topicsExist(specs.map(({ topic }) => topic));
    for (const { topic } of specs) this.#created.add(topic);
    await this.#waitForLeaders(specs.map(({ topic }) => topic));
  }

  /** A broker learns of its own controller's new topics a little later; kafkajs, waiting itself, gives up on the first "unknown topic". */
  async #waitForLeaders(names: readonly string[]): Promise<void> {
    const endUs = monotonicUs() + LEADERS_TIMEOUT_MS * 1000;
    while (!(await this.#haveLeaders(names))) {
      if (monotonicUs() > endUs) throw new FaultlineError("run-failed", `no leaders of the topics ${names.join(", ")}`);
      await delay(LEADERS_POLL_MS);
    }
  }

  async #haveLeaders(names: readonly string[]): Promise<boolean> {
    try {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [...names] });
      return topics.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0));
    } catch (cause) {
      if (cause instanceof kafkajs.KafkaJSProtocolError && NOT_YET.includes(cause.type)) return false;
      throw asFaultlineError(cause, "run-failed");
    }
  }

  /** Deletes topics that this object created; refuses others. */
  async deleteTopics(topics: readonly string[]): Promise<void> {
    const foreign = topics.filter((topic) => !this.#created.has(topic));
    if (foreign.length > 0) {
      throw new FaultlineError("assertion-failed", `not ours to delete: ${foreign.join(", ")}`, {
        context: { foreign },
      });
    }
    if (topics.length === 0) return;
    try {
      await this.#admin.deleteTopics({ topics: [...topics] });
    } catch (cause) {
      throw asFaultlineError(cause, "run-failed");
    }
    for (const topic of topics) this.#created.delete(topic);
  }

  /** Partitions and all settings of a topic. Throws `kafka-unknown-topic`. */
  async describe(topic: string): Promise<TopicDescription> {
    const existing = await this.listTopics();
    if (!existing.includes(topic)) throw new FaultlineError("kafka-unknown-topic", `no topic ${topic}`);
    const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] });
    const { resources } = await this.#admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
    });
    const entries = resources[0]?.configEntries ?? [];
    return {
      topic,
      partitions: topics[0]?.partitions.length ?? 0,
      config: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
    };
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
  }
}

function topicsExist(topics: readonly string[]): FaultlineError {
  return new FaultlineError("run-failed", `topics exist already: ${topics.join(", ")}`, {
    hint: "Another run may be using them, or one was interrupted on this cluster: delete them by hand.",
  });
}
