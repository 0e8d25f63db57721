import { systemCode } from "../../base/errors.ts";
import { type ReadProc, readProcFile } from "../measure/proc-stat.ts";
import type { FaultProcess } from "../systems/system.ts";
import type { FaultDriver, FaultSighting } from "./driver.ts";

/** How often the kernel is asked whether the process is gone. */
const POLL_MS = 1;
/** A killed process that is still there after this was not killed. */
const GONE_LIMIT_MS = 5_000;

export interface KillParts {
  monotonicUs(): number;
  sleep(ms: number): Promise<void>;
  /** `process.kill`. */
  readonly kill: (pid: number, signal: NodeJS.Signals) => void;
  readonly read?: ReadProc;
}

/** SIGKILL. There is nothing to heal: whether somebody replaces the process is the system's business. */
export class KillDriver implements FaultDriver {
  readonly #parts: KillParts;
  readonly #read: ReadProc;
  readonly #startTimes = new Map<number, string>();
  /** When the process was last known to be there. */
  readonly #seenUs = new Map<number, number>();

  constructor(parts: KillParts) {
    this.#parts = parts;
    this.#read = parts.read ?? readProcFile;
  }

  precondition({ role, pid }: FaultProcess): string | null {
    const found = startTime(pid, this.#read);
    if (found === null) return `${role} (pid ${pid}) is gone already`;
    this.#startTimes.set(pid, found);
    this.#seenUs.set(pid, this.#parts.monotonicUs());
    return null;
  }

  inject({ pid }: FaultProcess): void {
    this.#seenUs.set(pid, this.#parts.monotonicUs());
    try {
      this.#parts.kill(pid, "SIGKILL");
    } catch (error) {
      // Gone by itself in the last moment; `observe` says so.
      if (systemCode(error) !== "ESRCH") throw error;
    }
  }

  /** Looks at the process itself; its start time tells it from another one with the same id. */
  async observe({ pid }: FaultProcess): Promise<FaultSighting | null> {
    const limitUs = this.#parts.monotonicUs() + GONE_LIMIT_MS * 1000;
    let seenUs = this.#seenUs.get(pid) ?? this.#parts.monotonicUs();
    while (this.#parts.monotonicUs() < limitUs) {
      const askedUs = this.#parts.monotonicUs();
      if (startTime(pid, this.#read) !== this.#startTimes.get(pid)) {
        const atUs = this.#parts.monotonicUs();
        return { atUs, resolutionUs: atUs - seenUs, what: `process ${pid} is gone` };
      }
      seenUs = askedUs;
      await this.#parts.sleep(POLL_MS);
    }
    return null;
  }

  heal(): void {}
}

/** Start time of a living process in clock ticks since boot; null when it is gone or only its exit status is left. */
function startTime(pid: number, read: ReadProc): string | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
}
