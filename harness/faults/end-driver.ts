import { systemCode } from "../../base/errors.ts";
import type { ReadProc } from "../measure/proc-stat.ts";
import type { FaultProcess } from "../systems/system.ts";
import type { DriverParts, FaultDriver, FaultSighting } from "./driver.ts";
import { pollUntilSeen } from "./poll.ts";
import { lookAt } from "./process-look.ts";

export interface SignalParts extends DriverParts {
  /** `process.kill`. */
  readonly kill: (pid: number, signal: NodeJS.Signals) => void;
  readonly read?: ReadProc;
}

/**
 * SIGKILL or SIGTERM, after which the process must be gone within `limitMs`. There is nothing to heal: whether somebody replaces the
 * process is the system's business.
 */
export class EndDriver implements FaultDriver {
  readonly #parts: SignalParts;
  readonly #signal: "SIGKILL" | "SIGTERM";
  readonly #limitMs: number;
  readonly #startTicks = new Map<number, string>();
  readonly #struckUs = new Map<number, number>();

  constructor(parts: SignalParts, signal: "SIGKILL" | "SIGTERM", limitMs: number) {
    this.#parts = parts;
    this.#signal = signal;
    this.#limitMs = limitMs;
  }

  precondition({ role, pid }: FaultProcess): string | null {
    const look = lookAt(pid, this.#parts.read);
    if (look === null) return `${role} (pid ${pid}) is gone already`;
    this.#startTicks.set(pid, look.startTicks);
    return null;
  }

  inject({ pid }: FaultProcess): void {
    this.#struckUs.set(pid, this.#parts.monotonicUs());
    try {
      this.#parts.kill(pid, this.#signal);
    } catch (error) {
      // Gone by itself in the last moment; `observe` says so.
      if (systemCode(error) !== "ESRCH") throw error;
    }
  }

  /** Looks at the process itself; its start time tells it from another one with the same id. */
  observe({ pid }: FaultProcess): Promise<FaultSighting | null> {
    const sinceUs = this.#struckUs.get(pid) ?? this.#parts.monotonicUs();
    return pollUntilSeen(this.#parts, this.#limitMs, sinceUs, () => {
      const isGone = lookAt(pid, this.#parts.read)?.startTicks !== this.#startTicks.get(pid);
      return isGone ? `process ${pid} is gone` : null;
    });
  }

  heal(): void {}
}
