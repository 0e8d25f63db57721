import { systemCode } from "../../base/errors.ts";
import type { FaultProcess } from "../systems/system.ts";
import type { FaultDriver, FaultSighting } from "./driver.ts";
import type { SignalParts } from "./end-driver.ts";
import { pollUntilSeen } from "./poll.ts";
import { lookAt } from "./process-look.ts";

/** A process that is not stopped so long after SIGSTOP was not stopped. */
const STOPPED_LIMIT_MS = 5_000;

/** SIGSTOP, and SIGCONT to heal. */
export class PauseDriver implements FaultDriver {
  readonly #parts: SignalParts;
  readonly #startTicks = new Map<number, string>();
  readonly #struckUs = new Map<number, number>();

  constructor(parts: SignalParts) {
    this.#parts = parts;
  }

  precondition({ role, pid }: FaultProcess): string | null {
    const look = lookAt(pid, this.#parts.read);
    if (look === null) return `${role} (pid ${pid}) is gone already`;
    // Who stopped it would also continue it, in the middle of this fault.
    if (look.state === "T" || look.state === "t") return `${role} (pid ${pid}) is stopped already`;
    this.#startTicks.set(pid, look.startTicks);
    return null;
  }

  inject({ pid }: FaultProcess): void {
    this.#struckUs.set(pid, this.#parts.monotonicUs());
    this.#parts.kill(pid, "SIGSTOP");
  }

  /** The kernel shows the process as stopped. */
  observe({ pid }: FaultProcess): Promise<FaultSighting | null> {
    const sinceUs = this.#struckUs.get(pid) ?? this.#parts.monotonicUs();
    return pollUntilSeen(this.#parts, STOPPED_LIMIT_MS, sinceUs, () => {
      const look = lookAt(pid, this.#parts.read);
      const isStopped = look?.state === "T" && look.startTicks === this.#startTicks.get(pid);
      return isStopped ? `process ${pid} is stopped` : null;
    });
  }

  heal({ pid }: FaultProcess): void {
    if (!this.#struckUs.delete(pid)) return;
    if (lookAt(pid, this.#parts.read)?.startTicks !== this.#startTicks.get(pid)) return;
    try {
      this.#parts.kill(pid, "SIGCONT");
    } catch (error) {
      if (systemCode(error) !== "ESRCH") throw error;
    }
  }
}
