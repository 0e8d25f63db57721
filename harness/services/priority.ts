import { readFileSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { systemCode } from "../../base/errors.ts";

/**
 * Gives a process of ours another niceness (less of it means more of the processor); returns false where that is not permitted
 * or the process is gone.
 *
 * Our children lead sessions of their own, and Linux with autogroups (`sched_autogroup_enabled`) shares the processor among
 * sessions first: there a process's own niceness counts only inside its session, and the session's must be set too.
 */
export function setNiceness(pid: number, niceness: number): boolean {
  try {
    setPriority(pid, niceness);
  } catch (error) {
    if (systemCode(error) === "ERR_SYSTEM_ERROR") return false;
    throw error;
  }
  return sessionNiceness(pid) === null || setSessionNiceness(pid, niceness);
}

/** The niceness of the session of a process; null where the system does not group processes by session. */
export function sessionNiceness(pid: number): number | null {
  try {
    const nice = /nice (-?\d+)/.exec(readFileSync(`/proc/${pid}/autogroup`, "utf8"))?.[1];
    return nice === undefined ? null : Number(nice);
  } catch (error) {
    if (["ENOENT", "ESRCH", "EINVAL"].includes(systemCode(error) ?? "")) return null;
    throw error;
  }
}

function setSessionNiceness(pid: number, niceness: number): boolean {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
    return true;
  } catch (error) {
    // EAGAIN: the kernel lets those without privileges change it ten times a second at most.
    if (["EACCES", "EPERM", "EAGAIN", "ENOENT", "ESRCH"].includes(systemCode(error) ?? "")) return false;
    throw error;
  }
}
