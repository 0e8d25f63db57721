import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { monotonicUs } from "../../../base/clock.ts";
import type { FeederSpecInput } from "../../../generators/feed/spec.ts";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { silenceNegativeTimeouts } from "../../../harness/services/kafka/kafkajs-warnings.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";
import { collect } from "../kafka/collect.ts";

const MAIN = join(import.meta.dirname, "../../../generators/feed/main.ts");
const START_WALL_MS = 1_750_000_000_000;

let broker: TestBroker;
let client: KafkaClient;

before(async () => {
  silenceNegativeTimeouts();
  broker = await startTestBroker();
  client = await KafkaClient.connect({ brokers: broker.service.brokers, clientId: "test" });
});

after(async () => {
  await client?.close();
  await broker?.close();
});

type Line = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

interface Waiting {
  readonly key: string;
  readonly resolve: (line: Line) => void;
  readonly reject: (error: Error) => void;
}

class FeederChild {
  readonly process: ChildProcessWithoutNullStreams;
  readonly lines: Line[] = [];
  readonly exit: Promise<unknown[]>;
  readonly #waiting: Waiting[] = [];

  constructor(spec: FeederSpecInput) {
    const path = join(broker.directory, `${spec.topic}-${spec.partitions.join("-")}.json`);
    writeFileSync(path, JSON.stringify(spec));
    this.process = spawn(process.execPath, [MAIN, path], { stdio: ["pipe", "pipe", "pipe"] });
    this.exit = once(this.process, "exit");
    createInterface({ input: this.process.stdout }).on("line", (text) => {
      const line = JSON.parse(text) as Line;
      this.lines.push(line);
      for (const { key, resolve } of this.#waiting) if (key in line) resolve(line);
    });
    this.process.on("close", () => {
      for (const { key, reject } of this.#waiting) reject(new Error(`no ${key} in ${JSON.stringify(this.lines)}`));
    });
  }

  /** The first line that has `key`, now or later. */
  line(key: string): Promise<Line> {
    const known = this.lines.find((line) => key in line);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => this.#waiting.push({ key, resolve, reject }));
  }

  start(startUs: number): void {
    this.process.stdin.write(`${JSON.stringify({ start: startUs, startWallMs: START_WALL_MS })}\n`);
  }
}

function specOf(topic: string, owned: number[], events: number, ratePerSecond: number): FeederSpecInput {
  return {
    brokers: [...broker.service.brokers],
    topic,
    partitions: owned,
    dataset: { kind: "nexmark", options: { events }, partitions: 3 },
    schedule: { shape: "constant", ratePerSecond },
    lagFile: join(broker.directory, `${topic}-${owned.join("-")}.hlog`),
    progressIntervalMs: 100,
  };
}

test("two feeders put the whole data set into Kafka: every value on its partition, in order, stamped with its due time", async () => {
  const topic = await broker.topic(3);
  const events = 3000;
  const feeders = [[0, 2], [1]].map((owned) => new FeederChild(specOf(topic, owned, events, 3000)));
  await Promise.all(feeders.map((feeder) => feeder.line("ready")));
  const startUs = monotonicUs() + 50_000;
  for (const feeder of feeders) feeder.start(startUs);
  const done = (await Promise.all(feeders.map((feeder) => feeder.line("done")))).map((line) => line.done);
  for (const feeder of feeders) assert.deepEqual(await feeder.exit, [0, null]);
  assert.deepEqual(
    done.map((line) => [line?.sent, line?.acked, line?.closingSent, line?.lastDueUs, line?.interrupted]),
    [
      [2000, 2000, 2, startUs + 999_666, false],
      [1000, 1000, 1, startUs + 999_666, false],
    ],
  );
  assert.ok(feeders[0]?.lines.some((line) => "progress" in line));

  const assignments = [0, 1, 2].map((partition) => ({ partition, offset: 0 }));
  const records = await collect(client, topic, assignments, events + 3);
  const expected: [string, number][][] = [[], [], []];
  const dataSet = new NexmarkDataSet({ options: resolveNexmarkOptions({ events }), partitions: 3 });
  const bytes = new Uint8Array(dataSet.open().maxWireBytes);
  for (const cursor = dataSet.open(); cursor.advance(); ) {
    const value = Buffer.from(bytes.subarray(0, cursor.writeWire(bytes, 0))).toString("latin1");
    expected[cursor.partition]?.push([value, START_WALL_MS + Math.floor(cursor.index / 3)]);
  }
  const closing = Buffer.from(dataSet.closingRecord()).toString("latin1");
  for (const rows of expected) rows.push([closing, START_WALL_MS + 999]);
  const found = [0, 1, 2].map((partition) =>
    records.filter((record) => record.partition === partition).map(({ value, timestampMs }) => [value, timestampMs]),
  );
  assert.deepEqual(found, expected);
  const log = readFileSync(join(broker.directory, `${topic}-0-2.hlog`), "latin1");
  assert.match(log, /^Tag=generator-lag,/m);
});

test("SIGTERM: what was sent is flushed and told; the process ends with 143", async () => {
  const topic = await broker.topic(3);
  const feeder = new FeederChild(specOf(topic, [0, 1, 2], 1_000_000, 1000));
  await feeder.line("ready");
  feeder.start(monotonicUs());
  await feeder.line("progress");
  feeder.process.kill("SIGTERM");
  const { done } = await feeder.line("done");
  assert.deepEqual(await feeder.exit, [143, null]);
  assert.equal(done?.interrupted, true);
  assert.ok(Number(done?.sent) > 0);
  assert.equal(done?.acked, done?.sent);
  assert.equal(done?.closingSent, 0);
});

test("a feeder whose parent is gone ends at once", async () => {
  const topic = await broker.topic(3);
  const spec = specOf(topic, [0, 1, 2], 1_000_000, 1000);
  const feeder = new FeederChild(spec);
  await feeder.line("ready");
  assert.ok(existsSync(spec.lagFile));
  feeder.process.stdin.end();
  assert.deepEqual(await feeder.exit, [143, null]);
});

test("an unknown topic is an error line with code and hint, and the exit code of the error", async () => {
  const feeder = new FeederChild(specOf("never-made", [0], 10, 1000));
  const { error } = await feeder.line("error");
  assert.equal(error?.code, "kafka-unknown-topic");
  assert.equal(typeof error?.hint, "string");
  assert.deepEqual(await feeder.exit, [4, null]);
});
