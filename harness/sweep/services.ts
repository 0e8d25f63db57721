import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Guard } from "../services/guard.ts";
import { Cleanup } from "./cleanup.ts";
import { Supervision } from "./supervision.ts";
import type { KafkaService, Toolbox } from "./toolbox.ts";

/** What all runs of a sweep share: the guard and one warm broker. A broker that has died is replaced before the next run. */
export class Services {
  readonly #tools: Toolbox;
  readonly #config: Config;
  readonly #directory: string;
  readonly #signal: AbortSignal;
  readonly #notice: (text: string) => void;
  readonly #cleanup: Cleanup;
  #guard: Guard | undefined;
  #kafka: { readonly service: KafkaService; dead: boolean } | undefined;
  #started = 0;

  constructor(options: {
    readonly toolbox: Toolbox;
    readonly config: Config;
    readonly directory: string;
    readonly signal: AbortSignal;
    readonly notice: (text: string) => void;
  }) {
    this.#tools = options.toolbox;
    this.#config = options.config;
    this.#directory = options.directory;
    this.#signal = options.signal;
    this.#notice = options.notice;
    this.#cleanup = new Cleanup((ms, signal) => options.toolbox.sleep(ms, signal));
  }

  /** The running services; starts what is missing. Throws what keeps it from starting, or `interrupted`. */
  async ready(): Promise<{ readonly guard: Guard; readonly kafka: KafkaService }> {
    const supervision = new Supervision();
    supervision.watchSignal(this.#signal);
    return supervision.during("kafka-failed", async () => {
      this.#guard ??= await this.#cleanup.own(
        "guard",
        () => this.#tools.startGuard(),
        (guard) => guard.close(),
      );
      if (this.#kafka === undefined || this.#kafka.dead) this.#kafka = await this.#startKafka(this.#guard);
      return { guard: this.#guard, kafka: this.#kafka.service };
    });
  }

  /** Stops everything; returns what could not be stopped cleanly, in words. */
  async stop(): Promise<readonly string[]> {
    return (await this.#cleanup.run()).map((error) => error.message);
  }

  async #startKafka(guard: Guard): Promise<{ readonly service: KafkaService; dead: boolean }> {
    this.#started += 1;
    const suffix = this.#started === 1 ? "" : `-${this.#started}`;
    const start = () =>
      this.#tools.startKafka({
        brokers: this.#config.kafka.brokers,
        heapBytes: this.#config.kafka.heap,
        logFile: join(this.#directory, "logs", `kafka${suffix}.log`),
        guard,
        signal: this.#signal,
        onProgress: this.#notice,
      });
    const service = await this.#cleanup.own("Kafka", start, (started) => started.stop());
    const kafka = { service, dead: false };
    void service.failed.then(() => {
      kafka.dead = true;
    });
    return kafka;
  }
}
