import { cpuHome } from "../../faults/cpu-group.ts";
import { type CheckResult, missing, ok } from "../check.ts";
import type { Machine } from "../machine.ts";

/**
 * What the fault drivers need of the machine; a fault that it cannot make is refused when it is asked for, nothing else is
 * lost. Links are broken by a proxy of our own, which needs nothing.
 */
export function checkFaultDrivers(machine: Machine): CheckResult[] {
  return [checkSignals(machine), checkQuota(machine)];
}

function checkSignals({ platform }: Machine): CheckResult {
  const title = "kill and pause (SIGKILL, SIGSTOP)";
  if (platform !== "win32") return ok("signals", title, "own processes can be sent both");
  return missing("signals", title, "no signals on this system", "without signals: no kill and pause faults");
}

/** As the driver of the fault `cpu` looks for it. */
function checkQuota(machine: Machine): CheckResult {
  const title = "CPU quota (cgroup v1)";
  const cost = "without it: no cpu faults; they need root and the cpu controller of cgroup v1";
  const home = cpuHome("self", { read: machine.readText });
  if (typeof home === "string") return missing("quota", title, home, cost);
  if (!machine.canWrite(home.folder)) return missing("quota", title, `${home.folder} cannot be written`, cost);
  return ok("quota", title, home.folder);
}
