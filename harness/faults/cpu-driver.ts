import { FaultlineError, systemCode } from "../../base/errors.ts";
import type { FaultProcess } from "../systems/system.ts";
import { CpuGroup, cpuHome, type GroupFiles } from "./cpu-group.ts";
import type { DriverParts, FaultDriver, FaultSighting } from "./driver.ts";
import { pollUntilSeen } from "./poll.ts";

/** A process that the quota has not held back by then has little to do: nothing was broken. */
const THROTTLED_LIMIT_MS = 5_000;
const REMOVE_ATTEMPTS = 50;
const REMOVE_POLL_MS = 20;

export interface CpuParts extends DriverParts {
  readonly files: GroupFiles;
  /** Begins the names of the groups: those of two harnesses on one machine must differ. */
  readonly prefix: string;
  /** Groups that must be undone if the harness dies. */
  readonly guard: { watchGroup(folder: string): void; unwatchGroup(folder: string): void };
}

/** Limits the CPU time of a process by a control group of its own. */
export class CpuDriver implements FaultDriver {
  readonly #parts: CpuParts;
  readonly #cores: number;
  readonly #groups = new Map<number, CpuGroup>();
  #struckUs = 0;

  constructor(parts: CpuParts, cores: number) {
    this.#parts = parts;
    this.#cores = cores;
  }

  /** Makes the group and removes it again: only the kernel knows whether it lets us. */
  precondition({ pid }: FaultProcess): string | null {
    const group = this.#groupFor(pid);
    if (typeof group === "string") return group;
    try {
      group.make();
      return null;
    } catch (error) {
      const how = systemCode(error) ?? String(error);
      return `its CPU cannot be limited: ${group.folder} cannot be made (${how}); it takes root and a writable cgroup v1`;
    } finally {
      group.remove();
    }
  }

  inject({ pid }: FaultProcess): void {
    const group = this.#groupFor(pid);
    if (typeof group === "string") throw new FaultlineError("run-failed", group);
    this.#parts.guard.watchGroup(group.folder);
    this.#groups.set(pid, group);
    group.make();
    this.#struckUs = this.#parts.monotonicUs();
    group.take(pid);
  }

  /** The quota is in force, and has held the process back at least once. */
  observe({ pid }: FaultProcess): Promise<FaultSighting | null> {
    const group = this.#groups.get(pid);
    return pollUntilSeen(this.#parts, THROTTLED_LIMIT_MS, this.#struckUs, () => {
      if (group === undefined || !group.holds(pid) || group.throttled() === 0) return null;
      return `process ${pid} was held back by a quota of ${group.quotaUs / 1000} ms in every 100 ms`;
    });
  }

  async heal({ pid }: FaultProcess): Promise<void> {
    const group = this.#groups.get(pid);
    if (group === undefined) return;
    for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
      group.release();
      if (group.remove()) {
        this.#groups.delete(pid);
        this.#parts.guard.unwatchGroup(group.folder);
        return;
      }
      await this.#parts.sleep(REMOVE_POLL_MS);
    }
    throw new FaultlineError("run-failed", `the control group ${group.folder} cannot be removed`);
  }

  #groupFor(pid: number): CpuGroup | string {
    const home = cpuHome(pid, this.#parts.files);
    if (typeof home === "string") return home;
    return new CpuGroup(home, `${this.#parts.prefix}-${pid}`, this.#cores, this.#parts.files);
  }
}
