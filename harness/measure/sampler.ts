import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { monotonicUs } from "../../base/clock.ts";
import { asFaultlineError } from "../../base/errors.ts";
import type { ResourceSample } from "../sweep/model.ts";
import { type ReadProc, readProcFile, readUsage } from "./proc-stat.ts";

export interface SamplerOptions {
  readonly intervalMs: number;
  /** `resources.jsonl`; begun anew. */
  readonly file: string;
  readonly readProc?: ReadProc;
  readonly monotonicUs?: () => number;
  /** Calls `work` every `intervalMs` until the returned function is called. */
  readonly every?: (intervalMs: number, work: () => void) => () => void;
  /** The process that samples, role `harness`; null = leave it out. */
  readonly ownPid?: number | null;
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
  /** False where there is no /proc: the file then stays empty, and so do the cells of the report. */
  readonly supported: boolean;
}

/**
 * Appends CPU and memory of processes to a file at an interval, as the kernel counts them (10 ms steps). All samples of one look
 * carry the same time. A process that has vanished is left out from then on.
 */
export function startSampler(options: SamplerOptions): Sampler {
  const read = options.readProc ?? readProcFile;
  const now = options.monotonicUs ?? monotonicUs;
  const supported = options.readProc !== undefined || existsSync("/proc/self/statm");
  const roles = new Map<number, string>();
  const ownPid = options.ownPid === undefined ? process.pid : options.ownPid;
  if (ownPid !== null) roles.set(ownPid, "harness");
  const cost = { samples: 0, totalUs: 0, maxUs: 0 };
  writeFileSync(options.file, "");

  const sample = () => {
    const atUs = now();
    let lines = "";
    for (const [pid, role] of roles) {
      const usage = readUsage(pid, read);
      if (usage === null) roles.delete(pid);
      else lines += `${JSON.stringify({ atUs, role, pid, ...usage } satisfies ResourceSample)}\n`;
    }
    if (lines !== "") appendFileSync(options.file, lines);
    const tookUs = now() - atUs;
    cost.samples++;
    cost.totalUs += tookUs;
    cost.maxUs = Math.max(cost.maxUs, tookUs);
  };

  // A full disk must not end the harness from within a timer: the sampling ends, and `stop` tells.
  let failure: unknown = null;
  const guarded = () => {
    if (failure !== null) return;
    try {
      sample();
    } catch (error) {
      failure = error;
    }
  };
  const cancel = supported ? (options.every ?? every)(options.intervalMs, guarded) : () => {};
  let stopped = false;
  return {
    supported,
    add(role, pid) {
      roles.set(pid, role);
    },
    remove(pid) {
      roles.delete(pid);
    },
    async stop() {
      if (stopped) return cost;
      stopped = true;
      cancel();
      if (supported) guarded();
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
