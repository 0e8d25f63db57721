import { formatBytes } from "../../cli/progress/format-bytes.ts";
import { type CheckResult, missing, ok, required, unknown } from "../check.ts";
import type { Machine } from "../machine.ts";

const LEAST_CORES = 2;
const LEAST_FILES = 1024;
const LEAST_PORTS = 8;
const INSTRUMENT_NICENESS = -5;

export function checkCores({ cores }: Machine): CheckResult {
  const cost =
    "without 2 cores: feeder, broker and engine wait for each other; runs become invalid (generator-saturated)";
  if (cores >= LEAST_CORES) return ok("cores", "processor cores", String(cores));
  return missing("cores", "processor cores", String(cores), cost);
}

/** `needBytes`: the heaps of broker and workers. */
export function checkMemory({ memoryBytes, freeMemoryBytes }: Machine, needBytes: number): CheckResult {
  const found = `${formatBytes(memoryBytes)}, ${formatBytes(freeMemoryBytes)} free, ${formatBytes(needBytes)} needed`;
  if (memoryBytes >= needBytes) return ok("memory", "memory", found);
  const cost = "without it: processes are killed or swap; lower kafka.heap, engine.workers or engine.workerMemory";
  return missing("memory", "memory", found, cost);
}

/** The kernel's limits of this very process. */
export function checkOpenFiles(machine: Machine): CheckResult {
  const title = "open files (ulimit -n)";
  const limits = machine.readText("/proc/self/limits");
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? "")?.[1];
  const cost = `without ${LEAST_FILES}: many partitions or workers can fail to open files; ulimit -n ${LEAST_FILES}`;
  if (soft === undefined) return unknown("files", title, "no /proc/self/limits", cost);
  if (soft === "unlimited" || Number(soft) >= LEAST_FILES) return ok("files", title, soft);
  return missing("files", title, soft, cost);
}

export async function checkPorts(machine: Machine): Promise<CheckResult> {
  const title = "ports on 127.0.0.1";
  try {
    const ports = await machine.takePorts(LEAST_PORTS);
    return required(ok("ports", title, `${ports.length} taken and given back`));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const cost =
      "without them: neither Kafka nor the engine can listen; check the loopback interface and the range of free ports";
    return required(missing("ports", title, reason, cost));
  }
}

export async function checkPriority(machine: Machine): Promise<CheckResult> {
  const title = "raised priority (nice −5)";
  if (await machine.canRenice(INSTRUMENT_NICENESS)) return ok("priority", title, "permitted");
  const cost = "without it: feeder and observer compete with the system under test on equal terms; the report says so";
  return missing("priority", title, "not permitted", cost);
}

export function checkClock(machine: Machine): CheckResult {
  const title = "clock source";
  const source = machine.readText("/sys/devices/system/clocksource/clocksource0/current_clocksource")?.trim();
  const cost =
    "without a fast clock source (tsc, kvm-clock, arch_sys_counter): reading the time costs the feeder and observer CPU";
  if (source === undefined) return unknown("clock", title, "the kernel does not tell", cost);
  const isFast = /^(tsc|kvm-clock|arch_sys_counter|hyperv_clocksource.*)$/.test(source);
  return isFast ? ok("clock", title, source) : missing("clock", title, source, cost);
}
