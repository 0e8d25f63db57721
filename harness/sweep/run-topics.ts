import type { FaultlineError } from "../../base/errors.ts";
import type { RunStream } from "../config/streams.ts";
import type { JobShape } from "../systems/job-shape.ts";
import { Cleanup } from "./cleanup.ts";
import { inputTopic } from "./feeders.ts";
import type { RunContext } from "./run-context.ts";
import type { Sleep } from "./time-limit.ts";
import type { KafkaService } from "./toolbox.ts";

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

  #create(topic: string, partitions: number, timestamps: "CreateTime" | "LogAppendTime"): Promise<void> {
    const create = () => this.#kafka.createTopic(topic, partitions, timestamps);
    return this.#created.own(`topic ${topic}`, create, () => this.#kafka.deleteTopics([topic]));
  }
}
