/**
 * Our Kafka client beside kafkajs on one private broker: thousands of records per second and CPU per record of the client,
 * for records of 290 bytes on 4 partitions. Run: `npm run bench:kafka`. Prints a table; checks nothing.
 */
import kafkajs from "kafkajs";
import { wallClockMs } from "../../base/clock.ts";
import type { FaultlineError } from "../../base/errors.ts";
import { silenceNegativeTimeouts } from "../../harness/services/kafka/kafkajs-warnings.ts";
import { warmBroker } from "../../harness/services/kafka/warm.ts";
import { KafkaClient } from "../../kafka/client.ts";
import { startTestBroker, type TestBroker } from "../integration/broker.ts";
import { History } from "./lib/history.ts";
import { cpuPerUnit, measured, perSecond } from "./lib/rounds.ts";

const PARTITIONS = [0, 1, 2, 3];
const RECORD_BYTES = 290;
const OUR_RECORDS = 2_000_000;
const THEIR_RECORDS = 100_000;
const THEIR_BATCH = 1_000;
const history = new History("kafka");

const fail = (error: FaultlineError): never => {
  throw error;
};

async function measure(name: string, records: number, work: () => Promise<void>): Promise<void> {
  const sample = await measured(async () => {
    await work();
    return records;
  });
  const [ratePerSecond, cpuUsPerRecord] = [perSecond(sample), cpuPerUnit(sample) * 1e6];
  const rate = (ratePerSecond / 1000).toFixed(0).padStart(6);
  process.stdout.write(`${name.padEnd(32)}${rate} k rec/s   ${cpuUsPerRecord.toFixed(2).padStart(6)} CPU µs/rec\n`);
  history.add({ name, figures: { ratePerSecond, cpuUsPerRecord } });
}

async function produceOurs(client: KafkaClient, topic: string, maxInFlight: number): Promise<void> {
  let wake: () => void = () => {};
  const producer = await client.producer({
    topic,
    partitions: PARTITIONS,
    acks: -1,
    maxInFlight,
    maxBufferedBytes: 4 * 1024 * 1024,
    onAck: () => {},
    onDrain: () => wake(),
    onError: fail,
  });
  const value = Buffer.alloc(RECORD_BYTES, "x");
  const nowMs = wallClockMs();
  for (let i = 0; i < OUR_RECORDS; i++) {
    if (producer.append(i & 3, nowMs, value, 0, RECORD_BYTES)) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  await producer.close();
}

function consumeOurs(client: KafkaClient, topic: string): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    let bytes = 0;
    const fetcher = client.fetcher({
      topic,
      assignments: PARTITIONS.map((partition) => ({ partition, offset: 0 })),
      isolation: "read_uncommitted",
      onBatch: (view) => {
        for (const cursor = view.walk(); cursor.next(); ) bytes += cursor.valueEnd - cursor.valueStart;
        seen += view.recordCount;
        if (seen < OUR_RECORDS) return;
        fetcher.close();
        if (bytes !== OUR_RECORDS * RECORD_BYTES) throw new Error("lost bytes");
        resolve();
      },
      onError: fail,
    });
    fetcher.start();
  });
}

async function produceTheirs(kafka: kafkajs.Kafka, topic: string): Promise<void> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const value = Buffer.alloc(RECORD_BYTES, "x");
  for (let sent = 0; sent < THEIR_RECORDS; sent += THEIR_BATCH) {
    const messages = Array.from({ length: THEIR_BATCH }, (_, i) => ({ value, partition: i & 3 }));
    await producer.send({ topic, acks: -1, messages });
  }
  await producer.disconnect();
}

async function consumeTheirs(kafka: kafkajs.Kafka, topic: string, records: number): Promise<void> {
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  await new Promise<void>((resolve) => {
    consumer.run({
      eachBatch: async ({ batch }) => {
        seen += batch.messages.length;
        if (seen >= records) resolve();
      },
    });
  });
  await consumer.disconnect();
}

async function main(broker: TestBroker): Promise<void> {
  await warmBroker(broker.service);
  const client = await KafkaClient.connect({ brokers: broker.service.brokers, clientId: "bench" });
  const kafka = new kafkajs.Kafka({ brokers: [...broker.service.brokers], logLevel: kafkajs.logLevel.NOTHING });
  const first = await broker.topic(4);
  const second = await broker.topic(4);
  await measure("produce, ours, 1 in flight", OUR_RECORDS, () => produceOurs(client, first, 1));
  await measure("produce, ours, 5 in flight", OUR_RECORDS, () => produceOurs(client, second, 5));
  await measure("consume, ours", OUR_RECORDS, () => consumeOurs(client, first));
  await measure("consume, ours, again", OUR_RECORDS, () => consumeOurs(client, second));
  const third = await broker.topic(4);
  await measure("produce, kafkajs", THEIR_RECORDS, () => produceTheirs(kafka, third));
  await measure("consume, kafkajs (with joining)", OUR_RECORDS, () => consumeTheirs(kafka, first, OUR_RECORDS));
  await client.close();
}

silenceNegativeTimeouts();
const broker = await startTestBroker();
try {
  await main(broker);
  history.append();
} finally {
  await broker.close();
}
