/**
 * Our feeder beside Kafka's own `kafka-producer-perf-test`, both as processes of their own, into one private broker with acks=all:
 * `npm run bench:feeder [records] [rounds]`. The feeder also generates what it sends; the other sends one record of 290 bytes over
 * and over. Each is run with `records` and with a fifth of them, and the figures are of the difference, so that neither start is
 * counted. Then the feeder in open loop at half of its rate, with the batches that it makes in a run: its generator lag.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { monotonicUs } from "../../base/clock.ts";
import type { FeederSpecInput } from "../../generators/feed/spec.ts";
import { installArtifacts } from "../../harness/services/artifact-cache.ts";
import { findJava } from "../../harness/services/java.ts";
import { installKafka } from "../../harness/services/kafka/install.ts";
import { silenceNegativeTimeouts } from "../../harness/services/kafka/kafkajs-warnings.ts";
import { warmBroker } from "../../harness/services/kafka/warm.ts";
import { startTestBroker, type TestBroker } from "../integration/broker.ts";
import { History } from "./lib/history.ts";
import {
  compared,
  cpuPerUnit,
  interleaved,
  perSecond,
  printTable,
  type Sample,
  spreadOf,
  type Variant,
  type VariantResult,
} from "./lib/rounds.ts";
import { runTimed, type TimedProcess } from "./lib/timed-process.ts";

const records = Number(process.argv[2] ?? 3_000_000);
const rounds = Number(process.argv[3] ?? 5);
const history = new History("feeder");
const RECORD_BYTES = 290;
const BATCH_BYTES = 64 * 1024;
const PARTITIONS = 4;
const MAX_MS = 120_000;
const OPEN_LOOP_S = 10;
const FEEDER = join(import.meta.dirname, "../../generators/feed/main.ts");

interface Done {
  readonly sent: number;
  readonly acked: number;
  readonly lagUs: { readonly p50: number; readonly p99: number; readonly max: number };
}

function resultOfWhole({ name, whole }: Rival): VariantResult {
  const ratePerSecond = spreadOf(whole.map(perSecond));
  return {
    name: `${name}, whole process`,
    samples: whole,
    ratePerSecond,
    cpuUsPerUnit: spreadOf(whole.map((sample) => cpuPerUnit(sample) * 1e6)),
  };
}

/** What `records` took beyond what `less` took. */
function difference(more: TimedProcess, less: TimedProcess, count: number): Sample {
  return { count, wallS: more.wallS - less.wallS, cpuS: more.cpuS - less.cpuS };
}

/** A program that is run over some number of records, measured in both ways. */
class Rival implements Variant {
  readonly name: string;
  /** Whole processes, round by round. */
  readonly whole: Sample[] = [];
  readonly #run: (count: number) => Promise<TimedProcess>;

  constructor(name: string, run: (count: number) => Promise<TimedProcess>) {
    this.name = name;
    this.#run = run;
  }

  async run(): Promise<Sample> {
    const few = Math.ceil(records / 5);
    const less = await this.#run(few);
    const more = await this.#run(records);
    this.whole.push({ count: records, wallS: more.wallS, cpuS: more.cpuS });
    return difference(more, less, records - few);
  }
}

async function producerPerf(broker: TestBroker): Promise<Rival> {
  const perf = {
    name: "producerperf-4.3.1",
    pomFile: join(import.meta.dirname, "producer-perf/pom.xml"),
    listFile: join(import.meta.dirname, "producer-perf/artifacts.sha256"),
  };
  const onProgress = (message: string) => process.stderr.write(`${message}\n`);
  const tools = await installArtifacts(perf, onProgress);
  const kafka = await installKafka(onProgress);
  const java = await findJava();
  const run = async (count: number) => {
    const topic = await broker.topic(PARTITIONS);
    const main = ["-cp", `${tools.classPath}:${kafka.classPath}`, "org.apache.kafka.tools.ProducerPerformance"];
    const work = [
      "--topic",
      topic,
      "--num-records",
      `${count}`,
      "--record-size",
      `${RECORD_BYTES}`,
      "--throughput",
      "-1",
    ];
    const properties = [
      `acks=all`,
      `linger.ms=5`,
      `batch.size=${BATCH_BYTES}`,
      `bootstrap.servers=${broker.service.brokers.join(",")}`,
    ];
    const result = await runTimed(java.file, [...main, ...work, "--command-property", ...properties], MAX_MS);
    await broker.admin.deleteTopics([topic]);
    return result;
  };
  return new Rival("kafka-producer-perf-test", run);
}

/** Our client with the rival's work: one record over and over. */
async function sendFixed(broker: TestBroker, count: number): Promise<TimedProcess> {
  const topic = await broker.topic(PARTITIONS);
  const numbers = [PARTITIONS, count, RECORD_BYTES, BATCH_BYTES].map(String);
  const program = join(import.meta.dirname, "producer-perf/fixed-record.ts");
  const result = await runTimed(
    process.execPath,
    [program, broker.service.brokers.join(","), topic, ...numbers],
    MAX_MS,
  );
  await broker.admin.deleteTopics([topic]);
  return result;
}

/** Runs our feeder process over `count` events that are all due at `ratePerSecond`. */
async function feed(
  broker: TestBroker,
  count: number,
  ratePerSecond: number,
  producer: FeederSpecInput["producer"] = {},
): Promise<TimedProcess & { readonly done: Done }> {
  const topic = await broker.topic(PARTITIONS);
  const spec: FeederSpecInput = {
    brokers: [...broker.service.brokers],
    topic,
    partitions: Array.from({ length: PARTITIONS }, (_, index) => index),
    dataset: { kind: "nexmark", options: { events: count }, partitions: PARTITIONS },
    schedule: { shape: "constant", ratePerSecond },
    startUs: monotonicUs() + 1_000_000,
    lagFile: join(broker.directory, `${topic}.hlog`),
    producer,
  };
  const path = join(broker.directory, `${topic}.json`);
  writeFileSync(path, JSON.stringify(spec));
  const result = await runTimed(process.execPath, [FEEDER, path], MAX_MS);
  await broker.admin.deleteTopics([topic]);
  const lines = result.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { done?: Done });
  const done = lines.find((line) => line.done !== undefined)?.done;
  if (done === undefined || done.acked < count) throw new Error(`the feeder did not finish: ${result.stdout}`);
  return { ...result, done };
}

/** Prints the two tables; answers the feeder's rate, records/s. */
async function compare(broker: TestBroker): Promise<number> {
  const producer = { maxBatchBytes: BATCH_BYTES, maxInFlight: 5 };
  const rivals = [
    await producerPerf(broker),
    new Rival("our client, one record over and over", (count) => sendFixed(broker, count)),
    new Rival("our feeder, generation included", (count) => feed(broker, count, 1e9, producer)),
  ];
  const results = await interleaved(rivals, rounds);
  process.stdout.write("\nDifference between a long and a short run\n\n");
  printTable(results, "record");
  process.stdout.write("\nWhole processes (ours waits for its first due time: 1 s of its wall time)\n\n");
  const whole = rivals.map(resultOfWhole);
  printTable(whole, "record");
  history.add(...compared(results), ...compared(whole));
  return results[2]!.ratePerSecond.median;
}

async function openLoop(broker: TestBroker, ratePerSecond: number): Promise<void> {
  const { done } = await feed(broker, ratePerSecond * OPEN_LOOP_S, ratePerSecond);
  const { p50: lagP50Us, p99: lagP99Us, max: lagMaxUs } = done.lagUs;
  const lag = `p50 ${lagP50Us}, p99 ${lagP99Us}, max ${lagMaxUs} µs`;
  process.stdout.write(`open loop at ${ratePerSecond} records/s for ${OPEN_LOOP_S} s: generator lag ${lag}\n`);
  history.add({ name: "our feeder, open loop", figures: { ratePerSecond, lagP50Us, lagP99Us, lagMaxUs } });
}

/** The work in a private broker that is warm: one that still writes gigabytes of before to its disk is no yardstick for lag. */
async function withBroker<T>(work: (broker: TestBroker) => Promise<T>): Promise<T> {
  const broker = await startTestBroker();
  try {
    await warmBroker(broker.service);
    return await work(broker);
  } finally {
    await broker.close();
  }
}

silenceNegativeTimeouts();
const rate = await withBroker(compare);
await withBroker((broker) => openLoop(broker, Math.round(rate / 2)));
history.append();
