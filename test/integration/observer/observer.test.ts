import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { after, before, test } from "node:test";
import { monotonicUs, wallClockMs } from "../../../base/clock.ts";
import { FLAG_UNDECODABLE, type Observation } from "../../../harness/measure/observation.ts";
import { forEachObservation } from "../../../harness/measure/observation-reader.ts";
import type { ObserverSpecInput } from "../../../harness/measure/observer-spec.ts";
import { silenceNegativeTimeouts } from "../../../harness/services/kafka/kafkajs-warnings.ts";
import { RowHasher } from "../../../harness/verify/row-hash.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { findQuery } from "../../../queries/registry.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";

const MAIN = join(import.meta.dirname, "../../../harness/measure/observer-main.ts");
const PARTITIONS = 2;

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

interface Started {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly observationsFile: string;
  /** Resolves with the next line that has this key. */
  line(key: string): Promise<Line>;
  send(command: unknown): void;
  readonly exit: Promise<unknown[]>;
}

function startObserver(
  topic: string,
  startWallMs: number,
  isolations: readonly ("uncommitted" | "committed")[] = ["uncommitted"],
): Started {
  const observationsFile = join(broker.directory, `${topic}.bin`);
  const spec: ObserverSpecInput = {
    brokers: [...broker.service.brokers],
    topic,
    partitions: PARTITIONS,
    query: "q0",
    startWallMs,
    isolations: [...isolations],
    observationsFile,
    progressIntervalMs: 50,
    live: {
      schedule: { shape: "constant", ratePerSecond: 1_000 },
      dataset: { kind: "nexmark", options: { events: 10_000 }, partitions: 1 },
      watermarkDelayMs: 4_000,
    },
  };
  const child = spawn(process.execPath, [MAIN, JSON.stringify(spec)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines: Line[] = [];
  const waiting: { key: string; resolve: (line: Line) => void; reject: (error: Error) => void }[] = [];
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    for (const wait of waiting.splice(0)) {
      if (wait.key in line) wait.resolve(line);
      else waiting.push(wait);
    }
  });
  child.on("close", () => {
    for (const { key, reject } of waiting) reject(new Error(`no ${key} in ${JSON.stringify(lines)}`));
  });
  return {
    child,
    observationsFile,
    line: (key) => new Promise((resolve, reject) => waiting.push({ key, resolve, reject })),
    send: (command) => child.stdin.write(`${JSON.stringify(command)}\n`),
    exit: once(child, "exit"),
  };
}

function row(i: number): string {
  return `{"auction":${i},"bidder":${i + 1},"price":5,"dateTime":1436918400000,"extra":"é"}`;
}

async function produce(topic: string, partition: number, values: readonly string[]): Promise<void> {
  const failed: unknown[] = [];
  const options = {
    topic,
    partitions: [partition],
    acks: -1 as const,
    onAck() {},
    onError: (e: unknown) => failed.push(e),
  };
  const producer = await client.producer(options);
  for (const value of values) {
    const bytes = new TextEncoder().encode(value);
    producer.append(partition, wallClockMs(), bytes, 0, bytes.length);
  }
  await producer.close();
  assert.deepEqual(failed, []);
}

test("the observer notes every record up to the offsets it is given, with its time, place and hashes", async () => {
  const topic = await broker.topic(PARTITIONS, { "message.timestamp.type": "LogAppendTime" });
  const startWallMs = wallClockMs();
  const fromUs = monotonicUs();
  const observer = startObserver(topic, startWallMs);
  await observer.line("ready");
  observer.send({ start: { startUs: fromUs } });
  const count = 30_000;
  await produce(
    topic,
    0,
    Array.from({ length: count }, (_, i) => row(i)),
  );
  await produce(topic, 1, ["nonsense", row(7)]);
  const stopped = observer.line("stopped");
  observer.send({ stop: { endOffsets: [count, 2] } });
  const { stopped: summary } = await stopped;
  assert.deepEqual(await observer.exit, [0, null]);
  assert.equal(summary?.observed, count + 2);
  assert.equal(summary?.undecodable, 1);

  const seen: Observation[][] = [[], []];
  forEachObservation(observer.observationsFile, (o) => seen[o.partition]!.push({ ...o }));
  assert.deepEqual([seen[0]!.length, seen[1]!.length], [count, 2]);
  assert.equal(seen[1]![0]!.flags, FLAG_UNDECODABLE);
  const hasher = new RowHasher(findQuery("q0"));
  const toUs = monotonicUs();
  const toMs = wallClockMs() - startWallMs;
  seen[0]!.forEach((o, i) => {
    hasher.fromValues([i, i + 1, 5, 1_436_918_400_000, "é"]);
    const { nameHigh, nameLow, contentHigh, contentLow } = hasher;
    assert.deepEqual(
      [o.nameHigh, o.nameLow, o.contentHigh, o.contentLow],
      [nameHigh, nameLow, contentHigh, contentLow],
    );
    assert.equal(o.offset, i);
    assert.ok(o.observedUs >= fromUs && o.observedUs <= toUs);
    assert.ok(o.appendMs <= toMs, "append times count from the start");
  });
});

test("with transactions the observer notes both what is visible at once and what is committed, up to markers and taken-back tails", async () => {
  const topic = await broker.topic(PARTITIONS, { "message.timestamp.type": "LogAppendTime" });
  const observer = startObserver(topic, wallClockMs(), ["uncommitted", "committed"]);
  await observer.line("ready");
  const writer = await client.transactionalProducer(
    { topic, partitions: [0, 1], acks: -1, onAck() {}, onError: (error) => assert.fail(error) },
    { id: topic, timeoutMs: 30_000 },
  );
  const write = async (partition: number, from: number, count: number) => {
    for (let i = from; i < from + count; i++) {
      const bytes = new TextEncoder().encode(row(i));
      writer.append(partition, wallClockMs(), bytes, 0, bytes.length);
    }
    await writer.flush();
  };
  await write(0, 0, 100);
  for (let observed = 0; observed < 100; ) observed = Number((await observer.line("progress")).progress?.observed);
  await write(1, 100, 50);
  await writer.commitTransaction();
  await write(0, 200, 10);
  await writer.abortTransaction();
  await write(1, 300, 5);
  await writer.commitTransaction();
  await write(1, 400, 7);
  await writer.abortTransaction();
  await writer.close();
  const stopped = observer.line("stopped");
  observer.send({ stop: { endOffsets: await client.listOffsets(topic, [0, 1], "latest") } });
  const { stopped: summary } = await stopped;
  assert.deepEqual(await observer.exit, [0, null]);
  assert.equal(summary?.observed, 172 + 155);
  const byIsolation = summary?.byIsolation as Record<string, { observed: number; isWhole: boolean }>;
  assert.deepEqual(
    Object.entries(byIsolation).map(([name, { observed, isWhole }]) => [name, observed, isWhole]),
    [
      ["uncommitted", 172, true],
      ["committed", 155, true],
    ],
  );

  const places: string[][] = [[], []];
  const observedUs: number[][] = [[], []];
  forEachObservation(observer.observationsFile, ({ isolation, partition, offset, observedUs: us }) => {
    places[isolation]!.push(`${partition}/${offset}`);
    if (partition === 0 && offset < 100) observedUs[isolation]!.push(us);
  });
  const range = (partition: number, from: number, count: number) =>
    Array.from({ length: count }, (_, i) => `${partition}/${from + i}`);
  const committed = [...range(0, 0, 100), ...range(1, 0, 50), ...range(1, 51, 5)];
  assert.deepEqual(places[1]!.sort(), committed.sort());
  assert.deepEqual(places[0]!.sort(), [...committed, ...range(0, 101, 10), ...range(1, 57, 7)].sort());
  assert.ok(Math.max(...observedUs[0]!) < Math.min(...observedUs[1]!), "committed records show with the commit, later");
});

test("when the harness dies the observer ends, and what it has seen is kept", async () => {
  const topic = await broker.topic(PARTITIONS, { "message.timestamp.type": "LogAppendTime" });
  const observer = startObserver(topic, wallClockMs());
  await observer.line("ready");
  await produce(topic, 0, [row(1), row(2)]);
  for (let observed = 0; observed < 2; ) observed = Number((await observer.line("progress")).progress?.observed);
  observer.child.stdin.end();
  assert.deepEqual(await observer.exit, [143, null]);
  let kept = 0;
  forEachObservation(observer.observationsFile, () => kept++);
  assert.equal(kept, 2);
});

test("a topic that is not there ends the observer with an error that says so", async () => {
  const observer = startObserver("no-such-topic", wallClockMs());
  const { error } = await observer.line("error");
  assert.match(String(error?.message), /no-such-topic/);
  const [code] = await observer.exit;
  assert.notEqual(code, 0);
});
