import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { present } from "../../../base/assert.ts";
import { ClusterClient } from "../../../engine/shell/cluster-client.ts";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { startCluster } from "../../../harness/systems/bundled/cluster.ts";
import { jobOfQuery } from "../../../harness/systems/bundled/job-of-query.ts";
import { nodeSpawner } from "../../../harness/systems/spawn-node.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { findQuery } from "../../../queries/registry.ts";
import type { TestBroker } from "../broker.ts";
import { expectedLines, outputLines, produce } from "../bundled/topics.ts";

const PARTITIONS = 4;
const WORKERS = 2;
const SAMPLE_MS = 250;
const JOB_ID = "stalled";
const QUERY = findQuery("q0");
const DRAIN_TIMEOUT_MS = 60_000;
const STOP_MS = 5_000;
const ENGINE = {
  workers: WORKERS,
  keyGroups: 64,
  bufferTimeoutUs: 1_000,
  watermarkIntervalUs: 10_000,
  watermarkAlignmentMs: 0,
  livenessIntervalUs: 100_000,
  livenessTimeoutUs: 10_000_000,
  workerMemoryBytes: 256 * 2 ** 20,
};

/** What happened while the output topic took nothing. */
export interface Stall {
  /** Bytes of the whole input, and of what the job had read at the stall's end. */
  readonly inputBytes: number;
  readonly readBytes: number;
  /** Records that the job had read half-way through the stall, and at its end. */
  readonly readAtHalf: number;
  readonly readAtEnd: number;
  /** Largest resident set of each role in the stall, bytes. */
  readonly rssBytes: ReadonlyMap<string, number>;
  /** Time in which the job's sinks could take nothing, µs, of the task that was blocked longest. */
  readonly blockedUs: number;
  /** Sorted rows: the oracle's, and those in the topic after the stall. */
  readonly expected: readonly string[];
  readonly observed: readonly string[];
}

/**
 * Runs q0 on two workers, its output in a broker of its own. That one is stopped (SIGSTOP) for `stallMs` once the first rows have come,
 * while `events` of about 1 kB each fill the input; then it goes on, and the job is drained.
 */
export async function stallSink(
  input: TestBroker,
  output: TestBroker,
  events: number,
  stallMs: number,
): Promise<Stall> {
  const options = resolveNexmarkOptions({ events, avgByteSizes: { bid: 1000, person: 1000, auction: 1000 } });
  const dataSet = new NexmarkDataSet({ options, partitions: PARTITIONS });
  const inputTopic = await input.topic(PARTITIONS);
  const outputTopic = await output.topic(PARTITIONS);
  const source = await KafkaClient.connect({ brokers: input.service.brokers, clientId: "test" });
  const results = await KafkaClient.connect({ brokers: output.service.brokers, clientId: "test" });
  const job = await startJob({ input, output, inputTopic, outputTopic });
  const brokerPid = present(output.service.pid, "broker");
  try {
    await produce(
      source,
      inputTopic,
      new NexmarkDataSet({ options: { ...options, events: 100 }, partitions: PARTITIONS }),
    );
    while ((await endOf(results, outputTopic)) === 0) await pause(SAMPLE_MS);
    process.kill(brokerPid, "SIGSTOP");
    await produce(source, inputTopic, dataSet);
    const { readAtHalf, readAtEnd, rssBytes } = await job.watch(stallMs);
    process.kill(brokerPid, "SIGCONT");
    const blockedUs = await job.drain();
    const inputBytes = bytesOf(dataSet);
    const observed = (await outputLines(results, outputTopic, PARTITIONS, QUERY)).sort();
    const warmUp = new NexmarkDataSet({ options: { ...options, events: 100 }, partitions: PARTITIONS });
    const expected = [...expectedLines(QUERY, warmUp), ...expectedLines(QUERY, dataSet)].sort();
    const readBytes = inputBytes * (readAtEnd / events);
    return { inputBytes, readBytes, readAtHalf, readAtEnd, rssBytes, blockedUs, expected, observed };
  } finally {
    process.kill(brokerPid, "SIGCONT");
    await job.stop();
    await source.close();
    await results.close();
  }
}

interface Topics {
  readonly input: TestBroker;
  readonly output: TestBroker;
  readonly inputTopic: string;
  readonly outputTopic: string;
}

async function startJob({ input, output, inputTopic, outputTopic }: Topics) {
  const logDir = `${input.directory}/${outputTopic}`;
  const shape = { query: QUERY, dataMode: "head", parallelism: WORKERS, watermarkDelayMs: 4_000 };
  const cluster = await startCluster({
    runId: JOB_ID,
    config: { ...shape, seed: 1, engine: ENGINE },
    brokers: input.service.brokers,
    inputTopic,
    inputPartitions: PARTITIONS,
    inputs: [],
    outputTopic,
    outputPartitions: PARTITIONS,
    logDir,
    spawn: nodeSpawner({ logDir }),
  });
  const binding = ({ service }: TestBroker, topic: string) => {
    return { kind: "kafka", brokers: service.brokers, topic, partitions: PARTITIONS };
  };
  const client = new ClusterClient(cluster.coordinatorAddress);
  const inputs = { events: binding(input, inputTopic) };
  const bindings = { inputs, output: binding(output, outputTopic) };
  await client.submit(jobOfQuery({ ...shape, ...bindings, jobId: JOB_ID, keyGroups: 64, bounded: false }), WORKERS);
  await client.waitFor(JOB_ID, ["running"], DRAIN_TIMEOUT_MS);
  const recordsRead = async () => (await client.counters(JOB_ID)).reduce((sum, { recordsIn }) => sum + recordsIn, 0);
  const rssBytes = new Map<string, number>();
  const sampleFor = async (durationMs: number): Promise<void> => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += SAMPLE_MS) {
      await pause(SAMPLE_MS);
      for (const { role, pid } of cluster.processes) {
        rssBytes.set(role, Math.max(rssBytes.get(role) ?? 0, residentBytes(pid)));
      }
    }
  };
  return {
    async watch(durationMs: number) {
      await sampleFor(durationMs / 2);
      const readAtHalf = await recordsRead();
      await sampleFor(durationMs / 2);
      return { readAtHalf, readAtEnd: await recordsRead(), rssBytes };
    },
    /** Answers how long the task was blocked that was blocked longest, µs. */
    async drain(): Promise<number> {
      client.drain(JOB_ID);
      await client.waitFor(JOB_ID, ["finished"], DRAIN_TIMEOUT_MS);
      return Math.max(...(await client.counters(JOB_ID)).map((task) => task.blockedUs));
    },
    async stop(): Promise<void> {
      client.shutdown();
      await Promise.race([Promise.all(cluster.processes.map((child) => child.exited)), pause(STOP_MS)]);
      await Promise.all(cluster.processes.map((child) => child.stop(1_000)));
      client.close();
    },
  };
}

async function endOf(client: KafkaClient, topic: string): Promise<number> {
  const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  return (await client.listOffsets(topic, all, "latest")).reduce((a, b) => a + b, 0);
}

function bytesOf(dataSet: NexmarkDataSet): number {
  const cursor = dataSet.open();
  const value = new Uint8Array(cursor.maxWireBytes);
  let bytes = 0;
  while (cursor.advance()) bytes += cursor.writeWire(value, 0);
  return bytes;
}

/** Resident set of a process (`VmRSS`), bytes. */
function residentBytes(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return found === null ? 0 : Number(found[1]) * 1024;
}
