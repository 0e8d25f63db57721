import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Guard } from "../services/guard.ts";
import { Cleanup } from "./cleanup.ts";
import { Supervision } from "./supervision.ts";
import type { KafkaService, Toolbox, ZooKeeperService } from "./toolbox.ts";

export interface ServicesOptions {
  readonly toolbox: Toolbox;
  readonly config: Config;
  /** A cell of the sweep elects leaders. ZooKeeper then runs beside all runs, so that they are alike. */
  readonly needsZooKeeper: boolean;
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly notice: (text: string) => void;
}

export interface RunningServices {
  readonly guard: Guard;
  readonly kafka: KafkaService;
  /** null: no cell of the sweep needs it. */
  readonly zookeeper: ZooKeeperService | null;
}

/** What may die and is then started anew. */
interface Started<Service> {
  readonly service: Service;
  dead: boolean;
}

/** What all runs of a sweep share: the guard, one warm broker, and a ZooKeeper where one is needed. One that has died is replaced before the next run. */
export class Services {
  readonly #options: ServicesOptions;
  readonly #cleanup: Cleanup;
  readonly #starts = new Map<string, number>();
  #guard: Guard | undefined;
  #kafka: Started<KafkaService> | undefined;
  #zookeeper: Started<ZooKeeperService> | undefined;

  constructor(options: ServicesOptions) {
    this.#options = options;
    this.#cleanup = new Cleanup((ms, signal) => options.toolbox.sleep(ms, signal));
  }

  /** The running services; starts what is missing. Throws what keeps it from starting, or `interrupted`. */
  async ready(): Promise<RunningServices> {
    const { toolbox, needsZooKeeper, signal } = this.#options;
    const supervision = new Supervision();
    supervision.watchSignal(signal);
    const kafka = await supervision.during("kafka-failed", async () => {
      this.#guard ??= await this.#cleanup.own(
        "guard",
        () => toolbox.startGuard(),
        (guard) => guard.close(),
      );
      if (this.#kafka === undefined || this.#kafka.dead) this.#kafka = await this.#startKafka(this.#guard);
      return this.#kafka;
    });
    const guard = this.#guard!;
    if (!needsZooKeeper) return { guard, kafka: kafka.service, zookeeper: null };
    const zookeeper = await supervision.during("zookeeper-failed", async () => {
      if (this.#zookeeper === undefined || this.#zookeeper.dead) this.#zookeeper = await this.#startZooKeeper(guard);
      return this.#zookeeper;
    });
    return { guard, kafka: kafka.service, zookeeper: zookeeper.service };
  }

  /** Stops everything; returns what could not be stopped cleanly, in words. */
  async stop(): Promise<readonly string[]> {
    return (await this.#cleanup.run()).map((error) => error.message);
  }

  #startKafka(guard: Guard): Promise<Started<KafkaService>> {
    const { toolbox, config } = this.#options;
    const { brokers, heap: heapBytes } = config.kafka;
    const common = this.#startOptions("kafka", guard);
    return this.#start("Kafka", () => toolbox.startKafka({ ...common, brokers, heapBytes }));
  }

  #startZooKeeper(guard: Guard): Promise<Started<ZooKeeperService>> {
    const common = this.#startOptions("zookeeper", guard);
    return this.#start("ZooKeeper", () => this.#options.toolbox.startZooKeeper(common));
  }

  /** Every start has a log of its own: `kafka.log`, `kafka-2.log` … */
  #startOptions(name: string, guard: Guard) {
    const { directory, signal, notice } = this.#options;
    const nth = (this.#starts.get(name) ?? 0) + 1;
    this.#starts.set(name, nth);
    const logFile = join(directory, "logs", `${name}${nth === 1 ? "" : `-${nth}`}.log`);
    return { logFile, guard, signal, onProgress: notice };
  }

  async #start<Service extends { readonly failed: Promise<Error>; stop(): Promise<void> }>(
    what: string,
    start: () => Promise<Service>,
  ): Promise<Started<Service>> {
    const service = await this.#cleanup.own(what, start, (started) => started.stop());
    const started = { service, dead: false };
    void service.failed.then(() => {
      started.dead = true;
    });
    return started;
  }
}
