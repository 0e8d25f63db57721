import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import kafkajs from "kafkajs";
import { FaultlineError } from "../../../base/errors.ts";
import { KafkaAdmin } from "../../../harness/services/kafka/admin.ts";
import { silenceNegativeTimeouts } from "../../../harness/services/kafka/kafkajs-warnings.ts";
import { warmBroker } from "../../../harness/services/kafka/warm.ts";
import { KafkaClient, type ProducerOptions } from "../../../kafka/client.ts";
import { encodeHeaders } from "../../../kafka/record-batch/headers.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";
import { collect } from "./collect.ts";

let broker: TestBroker;
let client: KafkaClient;
let kafka: kafkajs.Kafka;

before(async () => {
  silenceNegativeTimeouts();
  broker = await startTestBroker();
  client = await KafkaClient.connect({ brokers: broker.service.brokers, clientId: "test" });
  kafka = new kafkajs.Kafka({ brokers: [...broker.service.brokers], logLevel: kafkajs.logLevel.NOTHING });
});

after(async () => {
  await client?.close();
  await broker?.close();
});

const failing = (error: FaultlineError): never => {
  throw error;
};
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function options(topic: string, partitions: number, more: Partial<ProducerOptions> = {}): ProducerOptions {
  return { topic, partitions: range(partitions), acks: -1, onAck: () => {}, onError: failing, ...more };
}

const withCode = (code: string) => (error: unknown) => error instanceof FaultlineError && error.code === code;

test("kafkajs reads what we write: value, headers, timestamp, order", async () => {
  const topic = await broker.topic(2);
  const acked: [number, number, number][] = [];
  const producer = await client.producer(
    options(topic, 2, { onAck: (partition, offset, count) => acked.push([partition, offset, count]) }),
  );
  const headers = encodeHeaders([{ key: "trace", value: Buffer.from("ü-1") }]);
  for (let i = 0; i < 1000; i++) {
    const value = Buffer.from(`..value ${i}..`);
    producer.append(i % 2, 1_700_000_000_000 - i * 1000, value, 2, value.length - 2, i % 3 === 0 ? headers : null);
  }
  await producer.close();
  assert.equal(
    acked.reduce((sum, [, , count]) => sum + count, 0),
    1000,
  );

  const seen: string[][] = [[], []];
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve) => {
    consumer.run({
      eachMessage: async ({ partition, message }) => {
        const { value, headers, timestamp, key } = message;
        seen[partition]?.push(`${value} ${headers?.trace ?? "-"} ${timestamp} ${key}`);
        if (seen[0]!.length + seen[1]!.length === 1000) resolve();
      },
    });
  });
  await consumer.disconnect();
  const expected = (i: number) => `value ${i} ${i % 3 === 0 ? "ü-1" : "-"} ${1_700_000_000_000 - i * 1000} null`;
  for (const partition of [0, 1])
    assert.deepEqual(
      seen[partition],
      range(500).map((i) => expected(2 * i + partition)),
    );
});

test("we read what kafkajs writes: keys, null values, headers; also from the middle of a batch", async () => {
  const topic = await broker.topic(1);
  const producer = kafka.producer();
  await producer.connect();
  const messages = range(50).map((i) => ({
    key: i % 2 === 0 ? `k${i}` : null,
    value: i % 5 === 0 ? null : `v${i}`,
    headers: { h: String(i) },
    timestamp: String(1_600_000_000_000 + i),
  }));
  await producer.send({ topic, messages });
  await producer.disconnect();
  const all = await collect(client, topic, [{ partition: 0, offset: 0 }], 50);
  assert.deepEqual(
    all.map(({ key, value, headers, timestampMs }) => ({ key, value, headers, timestamp: String(timestampMs) })),
    messages,
  );
  const tail = await collect(client, topic, [{ partition: 0, offset: 37 }], 13);
  assert.deepEqual(
    tail.map(({ offset }) => offset),
    range(13).map((i) => i + 37),
  );
});

test("a compressed batch is refused by name", async () => {
  const topic = await broker.topic(1);
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, compression: kafkajs.CompressionTypes.GZIP, messages: [{ value: "a".repeat(1000) }] });
  await producer.disconnect();
  await assert.rejects(collect(client, topic, [{ partition: 0, offset: 0 }], 1), (error: FaultlineError) => {
    assert.equal(error.code, "kafka-compressed");
    assert.match(error.message, /gzip/);
    return true;
  });
});

test("LogAppendTime of a topic replaces the producer's time", async () => {
  const topic = await broker.topic(1, { "message.timestamp.type": "LogAppendTime" });
  const producer = await client.producer(options(topic, 1));
  producer.append(0, 1234, Buffer.from("x"), 0, 1);
  await producer.close();
  const [record] = await collect(client, topic, [{ partition: 0, offset: 0 }], 1);
  assert.ok(record !== undefined && record.timestampMs > 1_700_000_000_000);
});

test("offsets: earliest, latest, and beyond the end", async () => {
  const topic = await broker.topic(3);
  const producer = await client.producer(options(topic, 3));
  for (let i = 0; i < 7; i++) producer.append(1, 0, Buffer.from("x"), 0, 1);
  await producer.close();
  assert.deepEqual(await client.listOffsets(topic, [2, 1, 0], "latest"), [0, 7, 0]);
  assert.deepEqual(await client.listOffsets(topic, [0, 1], "earliest"), [0, 0]);
  await assert.rejects(
    collect(client, topic, [{ partition: 1, offset: 99 }], 1),
    withCode("kafka-offset-out-of-range"),
  );
});

test("an unknown topic is an error with a name, at once", async () => {
  await assert.rejects(client.producer(options("no-such-topic", 1)), withCode("kafka-unknown-topic"));
  await assert.rejects(client.listOffsets("no-such-topic", [0], "latest"), withCode("kafka-unknown-topic"));
  const topic = await broker.topic(2);
  await assert.rejects(client.producer(options(topic, 3)), withCode("kafka-unknown-topic"));
});

test("a message above our bound is refused at append and takes nothing with it; above the topic's bound it fails the producer", async () => {
  const topic = await broker.topic(1, { "max.message.bytes": "2000" });
  const failures: string[] = [];
  const producer = await client.producer(options(topic, 1, { onError: (error) => failures.push(error.code) }));
  const large = Buffer.alloc(1024 * 1024);
  assert.throws(() => producer.append(0, 0, large, 0, large.length), withCode("kafka-record-too-large"));
  producer.append(0, 0, large, 0, 1000);
  await producer.flush();
  producer.append(0, 0, large, 0, 3000);
  await assert.rejects(producer.flush(), withCode("kafka-record-too-large"));
  assert.deepEqual(failures, ["kafka-record-too-large"]);
  assert.throws(() => producer.append(0, 0, large, 0, 1), withCode("kafka-record-too-large"));
  assert.deepEqual(await client.listOffsets(topic, [0], "latest"), [1]);
});

test("back-pressure: append says stop, onDrain says go; pause holds the fetcher", async () => {
  const topic = await broker.topic(2);
  let drained = 0;
  const producer = await client.producer(options(topic, 2, { maxBufferedBytes: 200_000, onDrain: () => drained++ }));
  const value = Buffer.alloc(1000);
  let taken = 0;
  while (producer.append(taken % 2, 0, value, 0, value.length)) taken += 1;
  assert.ok(producer.bufferedBytes > 200_000);
  await producer.flush();
  assert.equal(drained, 1);
  assert.equal(producer.bufferedBytes, 0);
  let batches = 0;
  const fetcher = client.fetcher({
    topic,
    assignments: [{ partition: 0, offset: 0 }],
    isolation: "read_committed",
    maxBytesPerPartition: 2_000,
    onBatch: () => {
      batches += 1;
      fetcher.pause();
    },
    onError: failing,
  });
  fetcher.start();
  const [, end = 0] = await client.listOffsets(topic, [1, 0], "latest");
  while (fetcher.position(0) < end) {
    await producer.flush();
    await client.metadata([]);
    fetcher.resume();
  }
  assert.ok(batches >= 1);
  fetcher.close();
  await producer.close();
});

test("a held partition gives nothing more than what is under way, the others go on; let go, it goes on where it was", async () => {
  const topic = await broker.topic(2);
  const producer = await client.producer(options(topic, 2, { maxBatchBytes: 5_000 }));
  const value = Buffer.alloc(1000);
  const count = 200;
  const produce = async () => {
    for (let i = 0; i < 2 * count; i++) producer.append(i % 2, 0, value, 0, value.length);
    await producer.flush();
  };
  const offsets: number[][] = [[], []];
  let wake = () => {};
  const reached = async (partition: number, total: number) => {
    while (offsets[partition]!.length < total) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const fetcher = client.fetcher({
    topic,
    assignments: range(2).map((partition) => ({ partition, offset: 0 })),
    isolation: "read_uncommitted",
    maxBytesPerPartition: 20_000,
    maxWaitMs: 20,
    onBatch: (view) => {
      for (const cursor = view.walk(); cursor.next(); ) offsets[view.partition]!.push(cursor.offset);
      if (view.partition === 0 && offsets[0]!.length <= count) fetcher.hold(0, true);
      wake();
    },
    onError: failing,
  });
  await produce();
  fetcher.start();
  await reached(1, count);
  await reached(0, 1);
  await produce();
  await reached(1, 2 * count);
  // At most the answer in which it was held, and the one that was asked for before that was delivered.
  assert.ok(offsets[0]!.length < count, `${offsets[0]!.length} records of a held partition`);
  while (offsets[0]!.length < 2 * count) {
    const before = offsets[0]!.length;
    fetcher.hold(0, false);
    await reached(0, before + 1);
  }
  fetcher.close();
  await producer.close();
  assert.deepEqual(offsets, [range(2 * count), range(2 * count)]);
});

test("warming leaves a warm broker and no topic", async () => {
  const before = await broker.admin.listTopics();
  const { rounds, durationMs } = await warmBroker(broker.service, { maxMs: 5_000 });
  assert.ok(rounds.length >= 1 && rounds.every(({ medianUs }) => medianUs > 0), JSON.stringify(rounds));
  assert.ok(rounds.every(({ compilerShare }) => process.platform !== "linux" || compilerShare !== null));
  assert.ok(durationMs < 10_000);
  assert.deepEqual(await broker.admin.listTopics(), before);
});

test("only topics of one's own are deleted; one that exists is not taken over; settings arrive", async () => {
  const topic = await broker.topic(3, { "retention.ms": "12345678" });
  const other = await KafkaAdmin.connect(broker.service.brokers);
  await assert.rejects(other.createTopics([{ topic, partitions: 3 }]), withCode("run-failed"));
  await assert.rejects(other.deleteTopics([topic]), withCode("assertion-failed"));
  const { partitions, config } = await other.describe(topic);
  assert.deepEqual([partitions, config["retention.ms"]], [3, "12345678"]);
  await other.close();
  await broker.admin.deleteTopics([topic]);
  // A broker takes a topic out of its metadata a moment after it has said yes.
  let listings = 1;
  while ((await broker.admin.listTopics()).includes(topic)) assert.ok(listings++ < 200, "the topic is still listed");
  await assert.rejects(broker.admin.describe(topic), withCode("kafka-unknown-topic"));
});

test("of two that create the same topic at once one succeeds, and only that one may delete it", async () => {
  const admins = await Promise.all([1, 2].map(() => KafkaAdmin.connect(broker.service.brokers)));
  for (let round = 0; round < 5; round++) {
    const topic = `race-${round}`;
    const results = await Promise.allSettled(admins.map((admin) => admin.createTopics([{ topic, partitions: 1 }])));
    const winners = admins.filter((_, i) => results[i]?.status === "fulfilled");
    assert.equal(winners.length, 1, JSON.stringify(results));
    for (const admin of admins) {
      if (admin === winners[0]) await admin.deleteTopics([topic]);
      else await assert.rejects(admin.deleteTopics([topic]), withCode("assertion-failed"));
    }
  }
  for (const admin of admins) await admin.close();
});

test("a broker that dies while it is warmed is an error at once, not after all time-outs", async () => {
  let die: (exit: { code: number | null; signal: NodeJS.Signals | null }) => void = () => {};
  const failed = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    die = resolve;
  });
  const { brokers, pid } = broker.service;
  const onProgress = () => die({ code: null, signal: "SIGKILL" });
  await assert.rejects(
    warmBroker({ brokers, pid, failed }, { maxMs: 500, onProgress }),
    withCode("service-start-failed"),
  );
});
