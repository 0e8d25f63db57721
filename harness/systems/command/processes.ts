import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readProcFile } from "../../measure/proc-stat.ts";
import { type ChildExit, startChild } from "../../services/child.ts";
import type { Guard } from "../../services/guard.ts";
import { gone, identify, isGroupRunning, type ProcessIdentity, signalGroup } from "../../services/process-identity.ts";

export type Watch = Pick<Guard, "watch" | "unwatch">;

/** A process and the group that it leads, if it leads one: sampled, signalled and guarded until nothing of it runs. */
export class WatchedProcess {
  readonly role: string;
  readonly pid: number;
  readonly #identity: ProcessIdentity;
  readonly #guard: Watch;

  constructor(role: string, pid: number, guard: Watch) {
    this.role = role;
    this.pid = pid;
    this.#identity = identify(pid) ?? gone(pid);
    this.#guard = guard;
    guard.watch(pid);
  }

  get isRunning(): boolean {
    if (!isGroupRunning(this.#identity)) return false;
    if (identify(this.pid) !== null) return true;
    // The kernel counts what has ended and was not collected yet: that may take init a while.
    const members = groupMembers(this.pid);
    return members === null || members.length > 0;
  }

  signal(name: NodeJS.Signals): void {
    signalGroup(this.#identity, name);
  }

  /** Pids of the group that run now; only its own where it leads none or there is no /proc. */
  members(): readonly number[] {
    const found = groupMembers(this.pid) ?? [];
    return found.length > 0 ? found : [this.pid];
  }

  /** To be called when nothing of it runs any more. */
  release(): void {
    this.#guard.unwatch(this.pid);
  }
}

export interface ProcessStart {
  readonly role: string;
  readonly command: readonly string[];
  readonly cwd?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly logDir: string;
  readonly guard: Watch;
}

export interface StartedProcess {
  readonly process: WatchedProcess;
  /** The process itself; its children may live on. */
  readonly exited: Promise<ChildExit>;
  /** Its stdout and stderr: a file, so that a child that outlives it can still write. */
  readonly logFile: string;
}

/** Starts a process that leads a group of its own. Throws `service-start-failed` when there is no such program. */
export function startProcess({ role, command, cwd, env, logDir, guard }: ProcessStart): StartedProcess {
  const logFile = join(logDir, `${role}.log`);
  const [file = "", ...args] = command;
  // Not guarded as a child, because that ends with the process itself and its group may live on.
  const child = startChild({ role, file, args, env, logFile, ...(cwd === undefined ? {} : { cwd }) });
  return { process: new WatchedProcess(role, child.pid, guard), exited: child.exited, logFile };
}

/** Pids of the process group, ascending; null where there is no /proc. */
function groupMembers(group: number): number[] | null {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return null; // not Linux
  }
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => groupOf(pid) === group).sort((a, b) => a - b);
}

function groupOf(pid: number): number | null {
  const stat = readProcFile(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // After the name, in parentheses: state, parent, group.
  const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state === "Z" ? null : Number(group);
}
