import { type ReadProc, readProcFile } from "../measure/proc-stat.ts";
import type { FaultProcess } from "../systems/system.ts";
import type { DriverParts, FaultDriver, FaultSighting } from "./driver.ts";
import { pollUntilSeen } from "./poll.ts";
import { lookAt } from "./process-look.ts";

/** A broker that still answers so long after it was told to go did not go; one that stops in good order takes seconds. */
const GONE_LIMIT_MS = 20_000;

/** The broker that belongs to this run: it may be broken. Its end is expected then. */
export interface BrokerHandle {
  /** null while it does not run. */
  readonly pid: number | null;
  /** `host:port`. */
  readonly brokers: readonly string[];
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** In good order; resolves when it is gone. */
  halt(): Promise<void>;
  /** Starts it again, on the same data and port; resolves when it answers. */
  restart(): Promise<void>;
}

export interface BrokerParts extends DriverParts {
  /** null: the cluster is not ours. */
  readonly broker: BrokerHandle | null;
  /** Whether anything listens on `host:port`. */
  answers(address: string): Promise<boolean>;
  /** The new broker process. */
  started(pid: number): void;
  readonly read?: ReadProc;
}

/** Ends the broker, by force or in good order, and starts it again to heal. */
export class BrokerDriver implements FaultDriver {
  readonly #parts: BrokerParts;
  readonly #how: "kill" | "halt";
  #going: Promise<void> | null = null;
  #healing: Promise<void> | null = null;
  #struckUs = 0;

  constructor(parts: BrokerParts, how: "kill" | "halt") {
    this.#parts = parts;
    this.#how = how;
  }

  precondition(): string | null {
    const { broker } = this.#parts;
    if (broker === null) return "an external Kafka cluster is not Faultline's to break";
    return broker.pid === null ? "the broker does not run" : null;
  }

  inject(): void {
    const { broker, monotonicUs } = this.#parts;
    if (broker === null) return;
    this.#struckUs = monotonicUs();
    this.#going = this.#how === "kill" ? broker.kill() : broker.halt();
    this.#going.catch(() => {}); // `heal` reports it
  }

  /** Its process is gone, and nothing answers on its port. */
  observe({ pid }: FaultProcess): Promise<FaultSighting | null> {
    const { broker, answers, read = readProcFile } = this.#parts;
    const address = broker?.brokers[0] ?? "";
    return pollUntilSeen(this.#parts, GONE_LIMIT_MS, this.#struckUs, async () => {
      if (lookAt(pid, read) !== null || (await answers(address))) return null;
      return `process ${pid} is gone, nothing answers on ${address}`;
    });
  }

  heal(): Promise<void> {
    if (this.#going === null) return Promise.resolve();
    this.#healing ??= this.#restart(this.#going);
    return this.#healing;
  }

  async #restart(going: Promise<void>): Promise<void> {
    const { broker, started } = this.#parts;
    await going;
    await broker?.restart();
    const pid = broker?.pid ?? null;
    if (pid !== null) started(pid);
  }
}
