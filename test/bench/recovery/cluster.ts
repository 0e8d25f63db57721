import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CheckpointReport } from "../../../engine/cluster/checkpoint-facts.ts";
import {
  type CheckpointSettings,
  DEFAULT_CHECKPOINTS,
  DEFAULT_JOB_OPTIONS,
  type Guarantee,
  type JobSpec,
} from "../../../engine/cluster/job-spec.ts";
import { ClusterClient, type JobStateMessage } from "../../../engine/shell/cluster-client.ts";
import { type Cluster, endCluster, startCluster } from "../../../harness/systems/bundled/cluster.ts";
import { nodeSpawner } from "../../../harness/systems/spawn-node.ts";
import type { SpawnedProcess } from "../../../harness/systems/system.ts";
import { cpuOfProcessS } from "../lib/drain-cluster.ts";
import { SINK, SOURCE } from "./profiles-job.ts";

export const LIVENESS_TIMEOUT_MS = 1_000;
const RUNNING_TIMEOUT_MS = 30_000;
const POLL_MS = 20;

export interface RecoveryClusterOptions {
  readonly brokers: readonly string[];
  readonly input: string;
  readonly output: string;
  readonly partitions: number;
  readonly directory: string;
  readonly guarantee: Guarantee;
  /** null: none are taken. */
  readonly checkpointIntervalMs: number | null;
  readonly workers: number;
  readonly profile: boolean;
}

/** A line of a process' journal. */
export interface JournalLine {
  readonly atUs: number;
  readonly event: string;
  readonly attempt?: number;
  readonly [fact: string]: unknown;
}

/** The job on real processes, one of them spare, that can be killed one after the other. */
export class RecoveryCluster {
  readonly states: JobStateMessage[] = [];
  readonly checkpoints: CheckpointReport[] = [];
  readonly #cluster: Cluster;
  readonly #client: ClusterClient;
  readonly #directory: string;
  readonly #jobId: string;
  #registered: readonly string[] = [];
  #started: number;
  readonly #alive: SpawnedProcess[];

  static async start(options: RecoveryClusterOptions, jobId: string): Promise<RecoveryCluster> {
    const directory = join(options.directory, jobId);
    mkdirSync(directory, { recursive: true });
    const spawn = nodeSpawner({ logDir: directory });
    const profiled: typeof spawn = (role, entry, spec, { nodeFlags = [] } = {}) =>
      spawn(role, entry, spec, { nodeFlags: [...nodeFlags, "--cpu-prof", `--cpu-prof-dir=${directory}`] });
    const { workers } = options;
    const cluster = await startCluster({
      config: {
        seed: 1,
        engine: {
          workers,
          spareWorkers: 1,
          keyGroups: 128,
          bufferTimeoutUs: 1_000,
          watermarkIntervalUs: 1_000,
          watermarkAlignmentMs: 0,
          fetchRestMs: 0,
          livenessIntervalUs: 200_000,
          livenessTimeoutUs: LIVENESS_TIMEOUT_MS * 1000,
          workerMemoryBytes: 1024 * 2 ** 20,
        },
      },
      logDir: directory,
      spawn: options.profile ? profiled : spawn,
    });
    const started = new RecoveryCluster(cluster, directory, jobId);
    await started.#client.submit(jobOf(options, jobId), workers);
    await started.#client.waitFor(jobId, ["running"], RUNNING_TIMEOUT_MS);
    return started;
  }

  private constructor(cluster: Cluster, directory: string, jobId: string) {
    this.#cluster = cluster;
    this.#directory = directory;
    this.#jobId = jobId;
    this.#alive = [...cluster.workers, ...cluster.spares];
    this.#started = this.#alive.length;
    this.#client = new ClusterClient(cluster.coordinatorAddress);
    this.#client.onState((state) => this.states.push(state));
    this.#client.onCheckpointReport(({ report }) => this.checkpoints.push(report));
    this.#client.onWorkers((names) => {
      this.#registered = names;
    });
  }

  /** User and system CPU of all workers that are there. */
  get cpuS(): number {
    return this.#alive.reduce((sum, { pid }) => sum + cpuOfProcessS(pid), 0);
  }

  /** The worker that runs subtask 0 of the source. */
  async victim(): Promise<SpawnedProcess> {
    const tasks = await this.#client.counters(this.#jobId);
    const worker = tasks.find(({ vertex, subtask }) => vertex === SOURCE && subtask === 0)?.worker;
    const found = this.#alive.find(({ role }) => role === worker);
    if (found === undefined) throw new Error("no worker runs the source");
    return found;
  }

  /** Starts another spare worker in place of one that is gone; resolves when it is registered. */
  async replace(lost: SpawnedProcess): Promise<void> {
    this.#alive.splice(this.#alive.indexOf(lost), 1);
    const child = this.#cluster.startWorker(`worker-${++this.#started}`);
    this.#alive.push(child);
    while (!this.#registered.includes(child.role)) await sleep(POLL_MS);
  }

  /** What the workers wrote of this event in this attempt. */
  journal(event: string, attempt: number): readonly JournalLine[] {
    return this.#cluster.processes.flatMap(({ role }) => {
      const lines = readFileSync(join(this.#directory, `${role}.log`), "utf8").split("\n");
      const parsed = lines.flatMap((line): JournalLine[] => (line.startsWith("{") ? [JSON.parse(line)] : []));
      return parsed.filter((line) => line.event === event && line.attempt === attempt);
    });
  }

  async stop(): Promise<void> {
    await endCluster(this.#cluster, this.#client);
  }
}

function jobOf(options: RecoveryClusterOptions, jobId: string): JobSpec {
  const { brokers, input, output, partitions, guarantee, checkpointIntervalMs, workers } = options;
  const log = (topic: string) => ({ kind: "kafka", brokers, topic, partitions });
  const checkpoints: CheckpointSettings = {
    ...DEFAULT_CHECKPOINTS,
    intervalUs: (checkpointIntervalMs ?? 0) * 1000, // 0: none but the last
  };
  return {
    jobId,
    name: "profiles",
    module: new URL("./profiles-job.ts", import.meta.url).href,
    parameters: {},
    parallelism: workers,
    keyGroups: 128,
    sources: { [SOURCE]: log(input) },
    sinks: { [SINK]: log(output) },
    options: { ...DEFAULT_JOB_OPTIONS },
    recovery: "passive",
    guarantee,
    checkpoints,
    restart: { kind: "fixed-delay", attempts: 1_000, delayUs: 0 },
    bounded: false,
  };
}
