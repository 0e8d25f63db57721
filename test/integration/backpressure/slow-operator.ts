import { setTimeout as pause } from "node:timers/promises";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { findQuery } from "../../../queries/registry.ts";
import type { TestBroker } from "../broker.ts";
import { expectedLines, outputLines, produce } from "../bundled/topics.ts";
import { bytesOf } from "./stalled-sink.ts";
import { PARTITIONS, SAMPLE_MS, startWatchedJob } from "./watched-job.ts";

const Q0 = findQuery("q0");
const SLOW = { ...Q0, job: new URL("./slow-job.ts", import.meta.url) };

/** What happened while an operator took less than the input gave. */
export interface SlowRun {
  readonly inputBytes: number;
  /** Share of the rows that had passed the operator when all of the input lay in its topic. */
  readonly doneWhenFilled: number;
  /** The most that had been read but had not passed the operator, bytes of input. */
  readonly aheadBytes: number;
  /** Largest resident set of each role, bytes. */
  readonly rssBytes: ReadonlyMap<string, number>;
  /** Time in which a source could not hand on, µs, of the one that was blocked longest. */
  readonly blockedUs: number;
  /** Sorted rows: the oracle's, and those in the output topic. */
  readonly expected: readonly string[];
  readonly observed: readonly string[];
}

/** Runs a job on two workers whose operator works `workUs` a row, fed with `events` of about 1 kB each as fast as the broker takes them. */
export async function runSlowOperator(broker: TestBroker, events: number, workUs: number): Promise<SlowRun> {
  const options = resolveNexmarkOptions({ events, avgByteSizes: { bid: 1000, person: 1000, auction: 1000 } });
  const dataSet = new NexmarkDataSet({ options, partitions: PARTITIONS });
  const inputTopic = await broker.topic(PARTITIONS);
  const outputTopic = await broker.topic(PARTITIONS);
  const client = await KafkaClient.connect({ brokers: broker.service.brokers, clientId: "test" });
  const place = { query: SLOW, input: broker, output: broker, inputTopic, outputTopic, jobParameters: { workUs } };
  const job = await startWatchedJob(place);
  const progress = async () => {
    const tasks = await job.counters();
    const records = (isSource: boolean) =>
      tasks
        .filter(({ custom }) => (custom.undecodable !== undefined) === isSource)
        .reduce((sum, { recordsOut }) => sum + recordsOut, 0);
    return { read: records(true), done: records(false) };
  };
  try {
    const expected = expectedLines(Q0, dataSet);
    await produce(client, inputTopic, dataSet);
    const { done: doneWhenFilled } = await progress();
    const inputBytes = bytesOf(dataSet);
    let aheadRows = 0;
    for (let done = 0; done < expected.length; await pause(SAMPLE_MS)) {
      const now = await progress();
      done = now.done;
      aheadRows = Math.max(aheadRows, now.read - done);
      job.sample();
    }
    const blockedUs = await job.drain();
    const observed = await outputLines(client, outputTopic, PARTITIONS, Q0);
    const share = (rows: number) => rows / expected.length;
    return {
      inputBytes,
      doneWhenFilled: share(doneWhenFilled),
      aheadBytes: inputBytes * share(aheadRows),
      rssBytes: job.rssBytes,
      blockedUs,
      expected,
      observed,
    };
  } finally {
    await job.stop();
    await client.close();
  }
}
