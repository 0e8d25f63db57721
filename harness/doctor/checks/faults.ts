import { type CheckResult, missing, ok, unknown } from "../check.ts";
import type { Machine } from "../machine.ts";

const NETEM = ["qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"];
const V2 = "/sys/fs/cgroup";

/** What the fault drivers need; a fault that this machine cannot make is refused when it is asked for, nothing else is lost. */
export async function checkFaultDrivers(machine: Machine): Promise<CheckResult[]> {
  return [
    checkPause(machine),
    notUsedYet(checkQuota(machine)),
    notUsedYet(checkFreezer(machine)),
    notUsedYet(await checkTool(machine, "iptables", ["-w", "-A", "OUTPUT", "-j", "DROP"], "network partitions")),
    notUsedYet(await checkTool(machine, "tc", NETEM, "network delay, loss and bandwidth faults")),
    notUsedYet(await checkNamespaces(machine)),
  ];
}

/** Of faults that no config can ask for so far. */
function notUsedYet(result: CheckResult): CheckResult {
  return { ...result, found: `${result.found} (not used yet)` };
}

function checkPause({ platform }: Machine): CheckResult {
  const title = "kill and pause (SIGKILL, SIGSTOP)";
  if (platform !== "win32") return ok("signals", title, "own processes can be sent both");
  return missing("signals", title, "no signals on this system", "without signals: no kill and pause faults");
}

function checkQuota(machine: Machine): CheckResult {
  const title = "CPU quota (cgroup)";
  const cost = "without it: no CPU-throttling faults; run as root, or delegate a cgroup";
  const controllers = machine.readText(`${V2}/cgroup.controllers`);
  if (controllers !== null) {
    const isThere = controllers.split(/\s+/).includes("cpu") && machine.canWrite(V2);
    return isThere ? ok("quota", title, "cgroup v2") : missing("quota", title, "cgroup v2, not for this user", cost);
  }
  if (machine.canWrite(`${V2}/cpu`)) return ok("quota", title, "cgroup v1");
  return missing("quota", title, "no cgroup that can be written", cost);
}

function checkFreezer(machine: Machine): CheckResult {
  const title = "freezer (cgroup)";
  const cost = "without it: groups of processes are paused one by one with SIGSTOP";
  if (machine.readText(`${V2}/cgroup.controllers`) !== null && machine.canWrite(V2))
    return ok("freezer", title, "cgroup v2");
  if (machine.canWrite(`${V2}/freezer`)) return ok("freezer", title, "cgroup v1");
  return missing("freezer", title, "no cgroup that can be written", cost);
}

/** Tries it in a network namespace of its own, where it harms nobody. */
async function checkTool(
  machine: Machine,
  name: string,
  trial: readonly string[],
  faults: string,
): Promise<CheckResult> {
  const cost = `without ${name}: no ${faults}`;
  if ((await machine.run(name, ["-V"])) === null) return missing(name, name, "not on the PATH", cost);
  const namespace = await machine.run("unshare", ["--net", "true"]);
  if (namespace?.exitCode !== 0) return unknown(name, name, "there is no network namespace to try it in", cost);
  const answer = await machine.run("unshare", ["--net", name, ...trial]);
  if (answer?.exitCode === 0) return ok(name, name, "usable");
  const reason = answer?.output.trim().split("\n")[0] ?? "";
  return missing(name, name, `not usable: ${reason}`, `${cost}; it needs CAP_NET_ADMIN and its kernel module`);
}

async function checkNamespaces(machine: Machine): Promise<CheckResult> {
  const title = "network namespaces";
  const cost = "without them: network faults act on the whole loopback interface instead of on one process";
  const answer = await machine.run("unshare", ["--net", "true"]);
  if (answer === null) return unknown("namespaces", title, "no unshare on the PATH", cost);
  return answer.exitCode === 0
    ? ok("namespaces", title, "can be made")
    : missing("namespaces", title, "not permitted", cost);
}
