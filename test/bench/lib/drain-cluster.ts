import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { present } from "../../../base/assert.ts";
import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import { ClusterClient } from "../../../engine/shell/cluster-client.ts";
import { readProcFile, readUsage } from "../../../harness/measure/proc-stat.ts";
import { endCluster, startCluster } from "../../../harness/systems/bundled/cluster.ts";
import { jobOfQuery, type LogBinding } from "../../../harness/systems/bundled/job-of-query.ts";
import { nodeSpawner } from "../../../harness/systems/spawn-node.ts";
import type { SpawnNode } from "../../../harness/systems/system.ts";
import type { QueryDefinition } from "../../../queries/query.ts";
import type { RowSums } from "./row-sums.ts";

const DRAIN_TIMEOUT_MS = 300_000;

export interface ClusterJobOptions {
  readonly query: QueryDefinition;
  readonly dataMode: string;
  readonly input: LogBinding;
  readonly output: LogBinding;
  readonly parallelism: number;
  readonly workers: number;
  /** Logs of the processes, and their CPU profiles when wanted. */
  readonly directory: string;
  readonly profile: boolean;
}

export interface Drained {
  /** User and system CPU of the workers' processes from before the job was submitted to its end. */
  readonly cpuS: number;
  /** CPU that they had taken before: starting Node and loading the engine. */
  readonly startCpuS: number;
  readonly wallS: number;
  readonly recordsIn: number;
  /** null unless the output is discarded. */
  readonly sums: RowSums | null;
}

const ENGINE = {
  keyGroups: 128,
  bufferTimeoutUs: 1_000,
  watermarkIntervalUs: 10_000,
  watermarkAlignmentMs: 0,
  fetchRestMs: 0,
  livenessIntervalUs: 100_000,
  livenessTimeoutUs: 10_000_000,
  workerMemoryBytes: 1024 * 2 ** 20,
};

let runs = 0;

/** A query's job that runs on real processes. */
export interface RunningJob {
  /** User and system CPU of the workers' processes since the job was submitted. */
  cpuS(): number;
  /** CPU that they had taken before: starting Node and loading the engine. */
  readonly startCpuS: number;
  waitFor(state: "running" | "finished"): Promise<void>;
  counters(): Promise<readonly TaskCounters[]>;
  /** Ends all processes; their CPU profiles are written then. */
  stop(): Promise<void>;
}

/** Starts a cluster and submits the job; `bounded`: it ends where its topic ends now. */
export async function startJob(options: ClusterJobOptions, bounded: boolean): Promise<RunningJob> {
  const { query, input, output, parallelism, workers } = options;
  const jobId = `drain-${++runs}`;
  const logDir = join(options.directory, jobId);
  mkdirSync(logDir, { recursive: true });
  const job = jobOfQuery({
    jobId,
    query,
    dataMode: options.dataMode,
    watermarkDelayMs: 4_000,
    parallelism,
    keyGroups: 128,
    bounded,
    inputs: { events: input },
    output,
  });
  const spawn = nodeSpawner({ logDir });
  const profiled: SpawnNode = (role, entry, spec, { nodeFlags = [] } = {}) =>
    spawn(role, entry, spec, { nodeFlags: [...nodeFlags, "--cpu-prof", `--cpu-prof-dir=${logDir}`] });
  const cluster = await startCluster({
    config: { seed: runs, engine: { ...ENGINE, workers } },
    logDir,
    spawn: options.profile ? profiled : spawn,
  });
  const client = new ClusterClient(cluster.coordinatorAddress);
  const workersCpuS = () => cluster.workers.reduce((sum, { pid }) => sum + cpuOfProcessS(pid), 0);
  const startCpuS = workersCpuS();
  await client.submit(job, workers);
  return {
    cpuS: () => workersCpuS() - startCpuS,
    startCpuS,
    waitFor: async (state) => {
      await client.waitFor(jobId, [state], DRAIN_TIMEOUT_MS);
    },
    counters: () => client.counters(jobId),
    stop: () => endCluster(cluster, client),
  };
}

/** Runs a query's job on real processes until it has read all that its topic holds. */
export async function drainOnCluster(options: ClusterJobOptions): Promise<Drained> {
  const start = process.hrtime.bigint();
  const running = await startJob(options, true);
  try {
    await running.waitFor("finished");
    const wallS = Number(process.hrtime.bigint() - start) / 1e9;
    const cpuS = running.cpuS();
    const tasks = await running.counters();
    const sum = (name: string) => tasks.reduce((total, { custom }) => total + (custom[name] ?? 0), 0);
    const sums = { rows: sum("discarded"), high: sum("checksumHigh") >>> 0, low: sum("checksumLow") >>> 0 };
    const sources = tasks.filter(({ custom }) => custom.undecodable !== undefined);
    const recordsIn = sources.reduce((total, task) => total + task.recordsIn, 0);
    const { startCpuS } = running;
    return { cpuS, startCpuS, wallS, recordsIn, sums: options.output.kind === "discard" ? sums : null };
  } finally {
    await running.stop();
  }
}

/** User and system time of all threads of a process. */
export function cpuOfProcessS(pid: number): number {
  const { cpuUserMs, cpuSystemMs } = present(readUsage(pid, readProcFile), "a process that runs");
  return (cpuUserMs + cpuSystemMs) / 1000;
}
