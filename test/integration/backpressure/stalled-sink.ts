import { setTimeout as pause } from "node:timers/promises";
import { present } from "../../../base/assert.ts";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { findQuery } from "../../../queries/registry.ts";
import type { TestBroker } from "../broker.ts";
import { expectedLines, outputLines, produce } from "../bundled/topics.ts";
import { PARTITIONS, SAMPLE_MS, startWatchedJob } from "./watched-job.ts";

const QUERY = findQuery("q0");

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
  const job = await startWatchedJob({ query: QUERY, input, output, inputTopic, outputTopic });
  // All of q0 is one vertex.
  const recordsRead = async () => (await job.counters()).reduce((sum, { recordsIn }) => sum + recordsIn, 0);
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
    await job.sampleFor(stallMs / 2);
    const readAtHalf = await recordsRead();
    await job.sampleFor(stallMs / 2);
    const readAtEnd = await recordsRead();
    const { rssBytes } = job;
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

async function endOf(client: KafkaClient, topic: string): Promise<number> {
  const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  return (await client.listOffsets(topic, all, "latest")).reduce((a, b) => a + b, 0);
}

/** Bytes of all its records. */
export function bytesOf(dataSet: NexmarkDataSet): number {
  const cursor = dataSet.open();
  const value = new Uint8Array(cursor.maxWireBytes);
  let bytes = 0;
  while (cursor.advance()) bytes += cursor.writeWire(value, 0);
  return bytes;
}
