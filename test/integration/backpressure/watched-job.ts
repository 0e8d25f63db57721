import { setTimeout as pause } from "node:timers/promises";
import { ClusterClient } from "../../../engine/shell/cluster-client.ts";
import { readProcFile, readUsage } from "../../../harness/measure/proc-stat.ts";
import { endCluster, startCluster } from "../../../harness/systems/bundled/cluster.ts";
import { jobOfQuery } from "../../../harness/systems/bundled/job-of-query.ts";
import { nodeSpawner } from "../../../harness/systems/spawn-node.ts";
import type { QueryDefinition } from "../../../queries/query.ts";
import type { TestBroker } from "../broker.ts";
import { engineSettings } from "../engine-settings.ts";

export const PARTITIONS = 4;
export const SAMPLE_MS = 250;

const WORKERS = 2;
const JOB_ID = "watched";
const DRAIN_TIMEOUT_MS = 120_000;
const ENGINE = engineSettings({ workers: WORKERS, livenessTimeoutUs: 30_000_000 });

/** What a job runs on: a broker each for input and output, which may be the same. */
export interface JobPlace {
  readonly query: QueryDefinition;
  readonly input: TestBroker;
  readonly output: TestBroker;
  readonly inputTopic: string;
  readonly outputTopic: string;
  readonly jobParameters?: Readonly<Record<string, unknown>>;
}

/** Starts the query's job on a coordinator and two workers, and resolves when it runs. */
export async function startWatchedJob({ query, input, output, inputTopic, outputTopic, jobParameters }: JobPlace) {
  const logDir = `${input.directory}/${outputTopic}`;
  const cluster = await startCluster({ config: { seed: 1, engine: ENGINE }, logDir, spawn: nodeSpawner({ logDir }) });
  const client = new ClusterClient(cluster.coordinatorAddress);
  const binding = ({ service }: TestBroker, topic: string) => {
    return { kind: "kafka", brokers: service.brokers, topic, partitions: PARTITIONS };
  };
  const job = jobOfQuery({
    jobId: JOB_ID,
    query,
    dataMode: "head",
    watermarkDelayMs: 4_000,
    parallelism: WORKERS,
    keyGroups: ENGINE.keyGroups,
    bounded: false,
    inputs: { events: binding(input, inputTopic) },
    output: binding(output, outputTopic),
    ...(jobParameters === undefined ? {} : { jobParameters }),
  });
  await client.submit(job, WORKERS);
  await client.waitFor(JOB_ID, ["running"], DRAIN_TIMEOUT_MS);
  const rssBytes = new Map<string, number>();
  return {
    /** Largest resident set of each role in all samples, bytes. */
    rssBytes: rssBytes as ReadonlyMap<string, number>,
    counters: () => client.counters(JOB_ID),
    /** Looks at the processes' memory now. */
    sample(): void {
      for (const { role, pid } of cluster.processes) {
        const bytes = readUsage(pid, readProcFile)?.rssBytes ?? 0;
        rssBytes.set(role, Math.max(rssBytes.get(role) ?? 0, bytes));
      }
    },
    /** Samples for so long. */
    async sampleFor(durationMs: number): Promise<void> {
      for (let passedMs = 0; passedMs < durationMs; passedMs += SAMPLE_MS) {
        await pause(SAMPLE_MS);
        this.sample();
      }
    },
    /** Reads the input to its present end and finishes. Answers how long the task was blocked that was blocked longest, µs. */
    async drain(): Promise<number> {
      client.drain(JOB_ID);
      await client.waitFor(JOB_ID, ["finished"], DRAIN_TIMEOUT_MS);
      return Math.max(...(await client.counters(JOB_ID)).map((task) => task.blockedUs));
    },
    stop: () => endCluster(cluster, client),
  };
}
