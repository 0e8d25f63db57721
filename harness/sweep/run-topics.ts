import type { FaultlineError } from "../../base/errors.ts";
import { SOURCE_ID } from "../../queries/job-ids.ts";
import type { RunStream } from "../config/streams.ts";
import type { JobShape } from "../systems/job-shape.ts";
import { Cleanup } from "./cleanup.ts";
import { inputTopic } from "./feeders.ts";
import type { ReadBack, RunRecord } from "./model.ts";
import type { RunContext } from "./run-context.ts";
import type { Sleep } from "./time-limit.ts";
import type { KafkaService } from "./toolbox.ts";

/** As the topic is asked for. Compaction is never wanted: it takes records away that share a key. */
interface AskedTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly timestamps: "CreateTime" | "LogAppendTime";
}

/** The topics of one run: created before it, and deleted once nobody needs their records any more, if it was this run that created them. */
export class RunTopics {
  readonly prefix: string;
  readonly output: string;
  /** Ticks and cuts of a replicated job; null: the job has no replicas. */
  readonly cutLog: string | null;
  /** Orders of a job's replica groups, a partition each; null: they need none. */
  readonly orderLog: string | null;
  readonly #orderPartitions: number;
  readonly #kafka: KafkaService;
  readonly #created: Cleanup;
  readonly #asked: AskedTopic[] = [];
  #readBack: readonly ReadBack[] | null = null;

  static of({ sweepId, run, kafka }: RunContext, shape: JobShape, sleep: Sleep): RunTopics {
    return new RunTopics(`${sweepId}.${run.id}`, shape, kafka, sleep);
  }

  private constructor(prefix: string, { replicated, orderPartitions }: JobShape, kafka: KafkaService, sleep: Sleep) {
    this.prefix = prefix;
    this.output = `${prefix}.out`;
    this.cutLog = replicated ? `${prefix}.cuts` : null;
    this.orderLog = orderPartitions > 0 ? `${prefix}.orders` : null;
    this.#orderPartitions = orderPartitions;
    this.#kafka = kafka;
    this.#created = new Cleanup(sleep);
  }

  async create(streams: readonly RunStream[], outputPartitions: number): Promise<void> {
    for (const { name, partitions } of streams) {
      await this.#create(inputTopic(this.prefix, name), partitions, "CreateTime");
    }
    await this.#create(this.output, outputPartitions, "LogAppendTime");
    if (this.cutLog !== null) await this.#create(this.cutLog, 1, "CreateTime");
    if (this.orderLog !== null) await this.#create(this.orderLog, this.#orderPartitions, "CreateTime");
  }

  /** Returns what went wrong. */
  delete(): Promise<readonly FaultlineError[]> {
    return this.#created.run();
  }

  /** Asks the broker what it made of the topics: a cluster has settings, and people, of its own. */
  async readBack(): Promise<void> {
    const all: ReadBack[] = [];
    for (const { topic, partitions, timestamps } of this.#asked) {
      const found = await this.#kafka.describeTopic(topic);
      all.push({ setting: `${topic}: partitions`, asked: `${partitions}`, found: `${found.partitions}` });
      const settings = { "message.timestamp.type": timestamps, "cleanup.policy": "delete" };
      for (const [name, asked] of Object.entries(settings)) {
        const told = found.config[name]; // what a cluster does not tell is no drift
        if (told !== undefined) all.push({ setting: `${topic}: ${name}`, asked, found: told });
      }
    }
    this.#readBack = all;
  }

  record(): Pick<RunRecord, "inputTopic" | "outputTopic" | "readBack"> {
    const names = { inputTopic: inputTopic(this.prefix, SOURCE_ID), outputTopic: this.output };
    return this.#readBack === null ? names : { ...names, readBack: this.#readBack };
  }

  #create(topic: string, partitions: number, timestamps: AskedTopic["timestamps"]): Promise<void> {
    this.#asked.push({ topic, partitions, timestamps });
    const create = () => this.#kafka.createTopic(topic, partitions, timestamps);
    return this.#created.own(`topic ${topic}`, create, () => this.#kafka.deleteTopics([topic]));
  }
}
