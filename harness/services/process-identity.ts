import { readFileSync } from "node:fs";
import { systemCode } from "../../base/errors.ts";

/** A process that is told apart from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot; null where the system has no /proc. */
  readonly startTicks: string | null;
}

const START_TIME_FIELD = 22;
const FIRST_FIELD_AFTER_NAME = 3;

/** The identity of a running process; null when there is none (any more). A zombie counts as gone. */
export function identify(pid: number): ProcessIdentity | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ESRCH" || (code === "ENOENT" && process.platform === "linux")) return null;
    if (code !== "ENOENT") throw error;
    return signal(pid, 0) ? { pid, startTicks: null } : null;
  }
  // The name, in parentheses, may itself hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z") return null;
  return { pid, startTicks: fields[START_TIME_FIELD - FIRST_FIELD_AFTER_NAME] ?? null };
}

/** The identity of a process that ended before it could be looked at: no process matches it, the group that it led does. */
export function gone(pid: number): ProcessIdentity {
  return { pid, startTicks: null };
}

/** Whether the very process of `identity` still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTicks === identity.startTicks;
}

/** Whether anything of the process or of the group that it leads still runs. */
export function isGroupRunning(identity: ProcessIdentity): boolean {
  const current = identify(identity.pid);
  if (current !== null) return current.startTicks === identity.startTicks;
  // The kernel gives no pid away while a group of that number lives: these are the process's own children.
  return signal(-identity.pid, 0);
}

/** Sends `name` to the group that the process leads, or else to it alone. False when nothing of it runs any more. */
export function signalGroup(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isGroupRunning(identity)) return false;
  return signal(-identity.pid, name) || signal(identity.pid, name);
}

/** False when there is no such process. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (systemCode(error) === "ESRCH") return false;
    throw error;
  }
}
