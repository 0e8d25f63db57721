import type { Guard } from "../../../harness/services/guard.ts";
import type { KafkaService, KafkaStart, Toolbox } from "../../../harness/sweep/toolbox.ts";

/** One guard and one warm broker for several sweeps; `close` stops them. */
export class SharedServices {
  #guard: Guard | undefined;
  #kafka: KafkaService | undefined;
  readonly #tools: Pick<Toolbox, "startGuard" | "startKafka">;

  constructor(tools: Pick<Toolbox, "startGuard" | "startKafka">) {
    this.#tools = tools;
  }

  /** To be put into a sweep's toolbox: what the sweep stops goes on. */
  get tools(): Pick<Toolbox, "startGuard" | "startKafka"> {
    return {
      startGuard: async () => {
        this.#guard ??= await this.#tools.startGuard();
        return { ...this.#guard, close: async () => {} };
      },
      startKafka: async (options: KafkaStart) => {
        this.#kafka ??= await this.#tools.startKafka(options);
        return { ...this.#kafka, stop: async () => {} };
      },
    };
  }

  async close(): Promise<void> {
    await this.#kafka?.stop();
    await this.#guard?.close();
  }
}
