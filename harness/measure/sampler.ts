import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { monotonicUs } from "../../base/clock.ts";
import { asFaultlineError } from "../../base/errors.ts";
import type { ResourceSample } from "../sweep/model.ts";
import {
  type ListThreads,
  listThreads,
  type MachineUsage,
  type ReadProc,
  readMachineUsage,
  readProcFile,
  readSwitches,
  readUsage,
} from "./proc-stat.ts";
import { runtimeFile } from "./runtime-flags.ts";
import { startRuntimeProbe } from "./runtime-probe.ts";

/** Context switches are read no more often than this: a file a thread, and a broker has many threads. */
const SWITCHES_MS = 2_000;
/** With so long an interval processes are looked at when they are added, too: what they did before their first look would be missing. */
const SPARSE_MS = 1_000;

export interface SamplerOptions {
  /** 0: nothing is sampled. */
  readonly intervalMs: number;
  /** `resources.jsonl`; begun anew, as `runtime.jsonl` and `machine.jsonl` beside it. */
  readonly file: string;
  /** Probes the runtime of this process, too. */
  readonly runtime: boolean;
  readonly readProc?: ReadProc;
  readonly listThreads?: ListThreads;
  readonly monotonicUs?: () => number;
  /** Calls `work` every `intervalMs` until the returned function is called. */
  readonly every?: (intervalMs: number, work: () => void) => () => void;
  /** The process that samples, role `harness`; null = leave it out. */
  readonly ownPid?: number | null;
}

/** One line of `machine.jsonl`, with the time of the look. */
export interface MachineSample extends MachineUsage {
  readonly atUs: number;
}

/** In the folder of a run's raw data. */
export function machineFile(raw: string): string {
  return join(raw, "machine.jsonl");
}

/** What sampling itself took. */
export interface SamplerCost {
  readonly samples: number;
  /** Wall time spent in sampling, µs: the upper bound of its CPU time. */
  readonly totalUs: number;
  readonly maxUs: number;
}

export interface Sampler {
  add(role: string, pid: number): void;
  remove(pid: number): void;
  /** A last sample, then no more. The cost is also left in `sampler.json` beside the file. Rejects when samples could not be written. */
  stop(): Promise<SamplerCost>;
  /** False where there is no /proc, or no interval: the file then stays empty, and so do the cells of the report. */
  readonly supported: boolean;
}

/**
 * Appends CPU, memory, bytes and context switches of processes to a file at an interval, as the kernel counts them (10 ms steps). All samples of one look
 * carry the same time. A process that has vanished is left out from then on.
 */
export function startSampler(options: SamplerOptions): Sampler {
  const read = options.readProc ?? readProcFile;
  const threadsOf = options.listThreads ?? listThreads;
  const now = options.monotonicUs ?? monotonicUs;
  const canRead = options.readProc !== undefined || existsSync("/proc/self/statm");
  const supported = canRead && options.intervalMs > 0;
  const roles = new Map<number, string>();
  const ownPid = options.ownPid === undefined ? process.pid : options.ownPid;
  if (ownPid !== null) roles.set(ownPid, "harness");
  const runtime = runtimeFile(dirname(options.file));
  writeFileSync(runtime, "");
  const probe = ownPid === null || !options.runtime ? null : startRuntimeProbe(runtime, "harness");
  const cost = { samples: 0, totalUs: 0, maxUs: 0 };
  const machine = machineFile(dirname(options.file));
  for (const file of [options.file, machine]) writeFileSync(file, "");

  const switchesEvery = Math.max(1, Math.round(SWITCHES_MS / options.intervalMs));
  const sample = (isWhole: boolean) => {
    const atUs = now();
    const withSwitches = isWhole || cost.samples % switchesEvery === 0;
    let lines = "";
    for (const [pid, role] of roles) {
      const usage = readUsage(pid, read);
      if (usage === null) {
        roles.delete(pid);
        continue;
      }
      const switches = withSwitches ? readSwitches(pid, read, threadsOf) : null;
      lines += `${JSON.stringify({ atUs, role, pid, ...usage, ...switches } satisfies ResourceSample)}\n`;
    }
    if (lines !== "") appendFileSync(options.file, lines);
    const whole = readMachineUsage(read);
    if (whole !== null) appendFileSync(machine, `${JSON.stringify({ atUs, ...whole } satisfies MachineSample)}\n`);
    const tookUs = now() - atUs;
    cost.samples++;
    cost.totalUs += tookUs;
    cost.maxUs = Math.max(cost.maxUs, tookUs);
  };

  // A full disk must not end the harness from within a timer: the sampling ends, and `stop` tells.
  let failure: unknown = null;
  const guarded = (isWhole: boolean) => {
    if (failure !== null) return;
    try {
      sample(isWhole);
    } catch (error) {
      failure = error;
    }
  };
  const cancel = supported ? (options.every ?? every)(options.intervalMs, () => guarded(false)) : () => {};
  let stopped = false;
  return {
    supported,
    add(role, pid) {
      roles.set(pid, role);
      if (supported && options.intervalMs >= SPARSE_MS) guarded(true);
    },
    remove(pid) {
      roles.delete(pid);
    },
    async stop() {
      if (stopped) return cost;
      stopped = true;
      cancel();
      probe?.stop();
      if (supported) guarded(true);
      if (failure !== null) throw asFaultlineError(failure, "run-failed");
      writeFileSync(join(dirname(options.file), "sampler.json"), `${JSON.stringify({ supported, ...cost })}\n`);
      return cost;
    },
  };
}

function every(intervalMs: number, work: () => void): () => void {
  const timer = setInterval(work, intervalMs);
  return () => clearInterval(timer);
}
