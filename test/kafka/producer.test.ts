import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { FaultlineError } from "../../base/errors.ts";
import { KafkaClient, type Producer, type ProducerOptions } from "../../kafka/client.ts";
import { BROKER_ERROR } from "../../kafka/errors.ts";
import { API } from "../../kafka/requests/api.ts";
import { type FakeBroker, produceAnswer, readProduce, type Script, startFakeBroker } from "./fake-broker.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Ack = readonly [partition: number, baseOffset: number, count: number];

interface Setup {
  readonly broker: FakeBroker;
  readonly producer: Producer;
  readonly acks: Ack[];
  readonly failure: Promise<FaultlineError>;
}

async function setup(script: Script, options: Partial<ProducerOptions> = {}): Promise<Setup> {
  const broker = await startFakeBroker(script);
  closers.push(broker.close);
  const client = await KafkaClient.connect({ brokers: [broker.address], clientId: "test" });
  closers.push(() => client.close());
  const acks: Ack[] = [];
  let report: (error: FaultlineError) => void = () => {};
  const failure = new Promise<FaultlineError>((resolve) => {
    report = resolve;
  });
  const producer = await client.producer({
    topic: "t",
    partitions: [0, 1],
    acks: -1,
    onAck: (...ack) => acks.push(ack),
    onError: report,
    ...options,
  });
  return { broker, producer, acks, failure };
}

function append(producer: Producer, partition: number, text: string): boolean {
  const value = Buffer.from(text);
  return producer.append(partition, 1000, value, 0, value.length);
}

/** A partition log that enforces sequences as brokers do, and forgets nothing. */
class SequencedLog {
  next = 0;
  readonly batches: { sequence: number; count: number }[] = [];

  append(sequence: number, count: number): readonly [error: number, offset: number] {
    const isCopy = this.batches.some((batch) => batch.sequence === sequence && batch.count === count);
    if (isCopy) return [BROKER_ERROR.duplicateSequence, -1];
    if (sequence !== this.next) return [BROKER_ERROR.outOfOrderSequence, -1];
    this.next += count;
    this.batches.push({ sequence, count });
    return [0, sequence];
  }
}

test("one request carries all partitions, and what is appended while it is under way goes together in the next", async () => {
  const requests: string[] = [];
  const { producer, acks } = await setup((apiKey, body) => {
    if (apiKey !== API.produce.key) return undefined;
    const batches = readProduce(body);
    requests.push(
      batches
        .map(({ partition, count }) => `${partition}:${count}`)
        .sort()
        .join(" "),
    );
    if (requests.length === 1) for (let i = 0; i < 10; i++) append(producer, i % 2, "later");
    return produceAnswer(batches.map(({ partition, baseSequence }) => [partition, 0, baseSequence]));
  });
  for (let i = 0; i < 6; i++) append(producer, i % 2, "now");
  await producer.flush();
  await producer.flush();
  assert.deepEqual(requests, ["0:3 1:3", "0:5 1:5"]);
  assert.deepEqual(
    acks.filter(([partition]) => partition === 0),
    [
      [0, 0, 3],
      [0, 3, 5],
    ],
  );
});

test("a connection closed in mid-request: the same batch goes again, and a copy the broker already has is a success", async () => {
  const log = new SequencedLog();
  let requests = 0;
  const { producer, acks } = await setup((apiKey, body) => {
    if (apiKey !== API.produce.key) return undefined;
    requests += 1;
    const [batch] = readProduce(body);
    const [error, offset] = log.append(batch!.baseSequence, batch!.count);
    return requests === 1 ? "close" : produceAnswer([[0, error, offset]]);
  });
  append(producer, 0, "a");
  append(producer, 0, "b");
  await producer.flush();
  append(producer, 0, "c");
  await producer.close();
  assert.deepEqual(acks, [
    [0, -1, 2],
    [0, 2, 1],
  ]);
  assert.equal(log.next, 3);
});

for (const error of [6, 5, 3, 7, 13]) {
  test(`retries after error ${error} keep the order with five requests in flight`, async () => {
    const log = new SequencedLog();
    let requests = 0;
    const { producer, acks, broker } = await setup(
      (apiKey, body) => {
        if (apiKey !== API.produce.key) return undefined;
        requests += 1;
        const [batch] = readProduce(body);
        if (requests === 2 || requests === 5) return produceAnswer([[0, error, -1]]);
        return produceAnswer([[0, ...log.append(batch!.baseSequence, batch!.count)]]);
      },
      { maxInFlight: 5 },
    );
    const before = broker.requests.filter((key) => key === API.metadata.key).length;
    append(producer, 0, "the connection is up after this one");
    await producer.flush();
    for (let i = 1; i < 8; i++) {
      append(producer, 0, `record ${i}`);
      producer.kick();
    }
    await producer.close();
    assert.equal(log.next, 8);
    assert.ok(requests > 8, "refused batches went again");
    assert.deepEqual(
      acks.map(([, offset]) => offset),
      acks.map((_, i) => acks.slice(0, i).reduce((sum, [, , count]) => sum + count, 0)),
    );
    assert.ok(broker.requests.filter((key) => key === API.metadata.key).length > before);
  });
}

test("a gap in the sequence that no retry can fill fails the producer", async () => {
  const { producer, failure } = await setup((apiKey) =>
    apiKey === API.produce.key ? produceAnswer([[0, BROKER_ERROR.outOfOrderSequence, -1]]) : undefined,
  );
  append(producer, 0, "a");
  await assert.rejects(producer.flush());
  const error = await failure;
  assert.equal(error.code, "kafka-protocol");
  assert.match(error.message, /OUT_OF_ORDER_SEQUENCE/);
  assert.throws(() => append(producer, 0, "b"), { code: "kafka-protocol" });
});

test("a silent broker: the request is sent again on a new connection", async () => {
  let requests = 0;
  const { producer, acks } = await setup(
    (apiKey) => {
      if (apiKey !== API.produce.key) return undefined;
      requests += 1;
      return requests === 1 ? "silence" : produceAnswer([[0, 0, 0]]);
    },
    { requestTimeoutMs: 20 },
  );
  append(producer, 0, "a");
  await producer.close();
  assert.deepEqual(acks, [[0, 0, 1]]);
});

test("what stays undelivered fails the producer after the delivery timeout, once", async () => {
  const { producer, failure } = await setup((apiKey) => (apiKey === API.produce.key ? "close" : undefined), {
    deliveryTimeoutMs: 50,
  });
  append(producer, 1, "a");
  const flushed = assert.rejects(producer.flush(), { code: "kafka-timeout" });
  assert.equal((await failure).code, "kafka-timeout");
  await flushed;
  await assert.rejects(producer.close(), { code: "kafka-timeout" });
});

test("append takes the record and says stop when the bound is passed; onDrain follows; ignoring it is an error", async () => {
  let isOpen = false;
  let drained = 0;
  const { producer, acks } = await setup(
    (apiKey, body) => {
      if (apiKey !== API.produce.key) return undefined;
      if (!isOpen) return "close";
      return produceAnswer(readProduce(body).map(({ partition, baseSequence }) => [partition, 0, baseSequence]));
    },
    { maxBufferedBytes: 1000, maxBatchBytes: 1000, maxRequestBytes: 1000, onDrain: () => drained++ },
  );
  let taken = 1;
  while (append(producer, 0, "x".repeat(100))) taken += 1;
  assert.ok(producer.bufferedBytes > 1000);
  assert.throws(
    () => {
      for (let i = 0; i < 100; i++, taken++) append(producer, 0, "x".repeat(100));
    },
    { code: "assertion-failed" },
  );
  isOpen = true;
  await producer.close();
  assert.equal(drained, 1);
  assert.equal(
    acks.reduce((sum, [, , count]) => sum + count, 0),
    taken,
  );
});

test("an answer to another request is a protocol error that ends the producer with its reason", async () => {
  const { producer, failure } = await setup((apiKey, _body, correlationId) => {
    if (apiKey !== API.produce.key) return undefined;
    const raw = Buffer.alloc(8);
    raw.writeInt32BE(4);
    raw.writeInt32BE(correlationId + 1, 4);
    return { raw, thenClose: false };
  });
  append(producer, 0, "a");
  producer.flush().catch(() => {});
  assert.equal((await failure).code, "kafka-protocol");
});

test("a kick that finds a closed batch sends the open one behind it too, without another kick", async () => {
  let sent = 0;
  let allSent: () => void = () => {};
  const everything = new Promise<void>((resolve) => {
    allSent = resolve;
  });
  const { producer } = await setup(
    (apiKey, body) => {
      if (apiKey !== API.produce.key) return undefined;
      const batches = readProduce(body);
      for (const { count } of batches) sent += count;
      if (sent === 4) allSent();
      return produceAnswer(batches.map(({ partition, baseSequence }) => [partition, 0, baseSequence]));
    },
    { maxInFlight: 1, maxBatchBytes: 1024, lingerUs: 3_600_000_000 },
  );
  for (let i = 0; i < 4; i++) append(producer, 0, "x".repeat(250));
  producer.kick();
  await everything;
  assert.equal(sent, 4);
});
