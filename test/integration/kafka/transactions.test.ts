import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import kafkajs from "kafkajs";
import { wallClockMs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { silenceNegativeTimeouts } from "../../../harness/services/kafka/kafkajs-warnings.ts";
import {
  type Isolation,
  KafkaClient,
  type PreparedTransaction,
  type ProducerOptions,
  type TransactionalProducer,
} from "../../../kafka/client.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";

let broker: TestBroker;
let client: KafkaClient;
/** A transaction that nobody ended: prepared at the start, so that the broker has aborted it when its test comes. */
let forgotten: { readonly topic: string; readonly prepared: PreparedTransaction };

before(async () => {
  silenceNegativeTimeouts();
  broker = await startTestBroker();
  client = await KafkaClient.connect({ brokers: broker.service.brokers, clientId: "test" });
  const topic = await broker.topic(1);
  const writer = await claim(topic, "forgotten", {}, 500);
  await write(writer, 0, ["a"]);
  forgotten = { topic, prepared: writer.prepared()! };
  writer.abort();
});

after(async () => {
  await client?.close();
  await broker?.close();
});

const withCode = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof FaultlineError && error.code === code && text.test(error.message);

const failing = (error: FaultlineError): never => {
  throw error;
};

function claim(
  topic: string,
  id: string,
  more: Partial<ProducerOptions> = {},
  timeoutMs = 60_000,
): Promise<TransactionalProducer> {
  const options = { topic, partitions: [0], acks: -1 as const, onAck: () => {}, onError: failing, ...more };
  return client.transactionalProducer(options, { id, timeoutMs });
}

async function write(writer: TransactionalProducer, partition: number, values: readonly string[]): Promise<void> {
  for (const text of values) {
    const value = Buffer.from(text);
    writer.append(partition, wallClockMs(), value, 0, value.length);
  }
  await writer.flush();
}

/** All values that a reader of this isolation is given up to the end of the log, and where that is; no transaction may be open. */
async function read(topic: string, isolation: Isolation, partitions = 1): Promise<string[][]> {
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  const ends = await client.listOffsets(topic, all, "latest");
  const seen: string[][] = all.map(() => []);
  await new Promise<void>((resolve, reject) => {
    const positions = all.map(() => 0);
    const moveTo = (partition: number, nextOffset: number) => {
      positions[partition] = nextOffset;
      if (!all.every((one) => positions[one]! >= ends[one]!)) return;
      fetcher.close();
      resolve();
    };
    const fetcher = client.fetcher({
      topic,
      isolation,
      assignments: all.map((partition) => ({ partition, offset: 0 })),
      onBatch: (view) => {
        for (const cursor = view.walk(); cursor.next(); ) {
          const value = Buffer.from(view.bytes.subarray(cursor.valueStart, cursor.valueEnd)).toString();
          seen[view.partition]!.push(value);
        }
        moveTo(view.partition, view.nextOffset);
      },
      onSkipped: moveTo,
      onError: reject,
    });
    fetcher.start();
  });
  return seen;
}

test("committed is visible to readers of committed records, aborted never; others see all; kafkajs agrees", async () => {
  const topic = await broker.topic(2);
  const writer = await claim(topic, "visible", { partitions: [0, 1] });
  assert.equal(writer.prepared(), null, "no transaction is open before the first record");
  await writer.commitTransaction();
  await write(writer, 0, ["a0", "a1"]);
  await write(writer, 1, ["a2"]);
  await writer.commitTransaction();
  await write(writer, 0, ["b0"]);
  await write(writer, 1, ["b1"]);
  assert.deepEqual(
    await client.listOffsets(topic, [0, 1], "latest", "read_committed"),
    [3, 2],
    "the last stable offset: before the open transaction",
  );
  const { producerId, epoch, ...place } = writer.prepared()!;
  assert.ok(producerId >= 0 && epoch >= 0);
  assert.deepEqual(place, { id: "visible", partition: 0, firstOffset: 3 });
  await writer.abortTransaction();
  await write(writer, 0, ["c0"]);
  await writer.commitTransaction();
  await writer.close();
  assert.deepEqual(await read(topic, "read_committed", 2), [["a0", "a1", "c0"], ["a2"]]);
  assert.deepEqual(await read(topic, "read_uncommitted", 2), [
    ["a0", "a1", "b0", "c0"],
    ["a2", "b1"],
  ]);
  assert.deepEqual(await readWithKafkajs(topic, 4), ["a0", "a1", "a2", "c0"]);
});

/** Values that a read_committed consumer of kafkajs gives, sorted. */
async function readWithKafkajs(topic: string, count: number): Promise<string[]> {
  const kafka = new kafkajs.Kafka({ brokers: [...broker.service.brokers], logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100, readUncommitted: false });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve) => {
    consumer.run({
      eachMessage: async ({ message }) => {
        values.push(String(message.value));
        if (values.length === count) resolve();
      },
    });
  });
  await consumer.disconnect();
  return values.sort();
}

test("many transactions back to back: none waits long for the markers of the one before", async () => {
  const topic = await broker.topic(1);
  const writer = await claim(topic, "back-to-back");
  const expected: string[] = [];
  for (let i = 0; i < 60; i++) {
    await write(writer, 0, [`v${i}`, `w${i}`]);
    if (i % 3 === 0) await writer.abortTransaction();
    else {
      await writer.commitTransaction();
      expected.push(`v${i}`, `w${i}`);
    }
  }
  await writer.close();
  assert.deepEqual(await read(topic, "read_committed"), [expected]);
});

test("abort takes back also what is not sent yet, and the next transaction goes on in sequence", async () => {
  const topic = await broker.topic(1);
  const writer = await claim(topic, "taken-back", { maxBatchBytes: 5_000 });
  const value = Buffer.alloc(1_000, "x");
  for (let i = 0; i < 101; i++) writer.append(0, wallClockMs(), value, 0, value.length);
  await writer.abortTransaction();
  assert.equal(writer.bufferedBytes, 0);
  await write(writer, 0, ["kept"]);
  await writer.commitTransaction();
  await writer.close();
  assert.deepEqual(await read(topic, "read_committed"), [["kept"]]);
});

test("a zombie is fenced: it can neither append nor commit, and the error names the transactional id", async () => {
  const topic = await broker.topic(1);
  const fenced = withCode("kafka-fenced", /fence-me/);
  const errors: FaultlineError[] = [];
  const zombie = await claim(topic, "fence-me", { onError: (error) => errors.push(error) });
  await write(zombie, 0, ["of the zombie"]);
  const other = await claim(topic, "fence-me");
  await assert.rejects(zombie.commitTransaction(), fenced);
  assert.throws(() => zombie.append(0, 0, Buffer.from("x"), 0, 1), fenced);
  assert.equal(errors.length, 0, "the caller of commit has been told");

  const second = await claim(topic, "fence-me", { onError: (error) => errors.push(error) });
  await write(second, 0, ["open when it is fenced"]);
  const third = await claim(topic, "fence-me");
  await assert.rejects(write(second, 0, ["a zombie's"]), fenced);
  assert.deepEqual(errors.map(fenced), [true]);
  await write(third, 0, ["of the last"]);
  await third.commitTransaction();
  await Promise.all([third.close(), other.close()]);
  assert.deepEqual(await read(topic, "read_committed"), [["of the last"]]);
});

test("prepared, then dead: another client commits, twice if need be, also after the id was claimed again", async () => {
  const topic = await broker.topic(1);
  const doomed = await claim(topic, "prepared");
  await write(doomed, 0, ["earlier"]);
  await doomed.commitTransaction();
  await write(doomed, 0, ["prepared"]);
  const prepared = doomed.prepared()!;
  assert.equal(prepared.firstOffset, 2);
  doomed.abort();
  const other = await KafkaClient.connect({ brokers: broker.service.brokers, clientId: "another" });
  await other.commitPrepared(topic, prepared);
  await other.commitPrepared(topic, prepared);
  const heir = await claim(topic, "prepared");
  await other.commitPrepared(topic, prepared);
  await write(heir, 0, ["of the heir"]);
  await other.commitPrepared(topic, prepared);
  assert.deepEqual(await client.listOffsets(topic, [0], "latest", "read_committed"), [4], "the heir's is still open");
  await heir.abortTransaction();
  await heir.close();
  await other.close();
  assert.deepEqual(await read(topic, "read_committed"), [["earlier", "prepared"]]);
});

test("committing what is prepared does not commit a later transaction of the same holder", async () => {
  const topic = await broker.topic(1);
  const holder = await claim(topic, "same-holder");
  await write(holder, 0, ["first"]);
  const prepared = holder.prepared()!;
  await holder.commitTransaction();
  await write(holder, 0, ["second, open"]);
  await client.commitPrepared(topic, prepared);
  await holder.abortTransaction();
  await holder.close();
  assert.deepEqual(await read(topic, "read_committed"), [["first"]]);
});

test("prepared, but the id was claimed before the commit: lost, and said so", async () => {
  const topic = await broker.topic(1);
  const doomed = await claim(topic, "claimed-first");
  await write(doomed, 0, ["x"]);
  const prepared = doomed.prepared()!;
  doomed.abort();
  await (await claim(topic, "claimed-first")).close();
  await assert.rejects(client.commitPrepared(topic, prepared), withCode("transaction-lost", /claimed-first.*aborted/));
});

test("how it ended is read from the log where an older open transaction hides it and the id has a new holder", async () => {
  const topic = await broker.topic(1);
  const older = await claim(topic, "older");
  await write(older, 0, ["open all the time"]);
  const doomed = await claim(topic, "hidden");
  await write(doomed, 0, ["committed"]);
  const first = doomed.prepared()!;
  await client.commitPrepared(topic, first);
  await doomed.commitTransaction();
  await write(doomed, 0, ["aborted"]);
  const second = doomed.prepared()!;
  await (await claim(topic, "hidden")).close();
  await client.commitPrepared(topic, first);
  await assert.rejects(client.commitPrepared(topic, second), withCode("transaction-lost", /hidden.*aborted/));
  const unknown = { ...second, firstOffset: -1 };
  await assert.rejects(client.commitPrepared(topic, unknown), withCode("transaction-lost", /not known/));
  await older.abortTransaction();
  await Promise.all([older.close(), doomed.abort()]);
  assert.deepEqual(await read(topic, "read_committed"), [["committed"]]);
});

test("a timeout above what the broker permits is refused with the setting's name", async () => {
  const topic = await broker.topic(1);
  await assert.rejects(claim(topic, "patient", {}, 24 * 3_600_000), (error: FaultlineError) => {
    assert.equal(error.code, "kafka-unsupported");
    assert.match(error.hint ?? "", /transaction\.max\.timeout\.ms/);
    return true;
  });
});

test("a broker killed in mid-transaction: what was acknowledged is kept, the sequence goes on, all becomes visible", async () => {
  const topic = await broker.topic(2);
  let acked = 0;
  const onAck = (_partition: number, _offset: number, count: number) => {
    acked += count;
  };
  const writer = await claim(topic, "survivor", { partitions: [0, 1], onAck });
  const idle = await claim(topic, "prepared-survivor");
  await write(idle, 0, ["p"]);
  const prepared = idle.prepared()!;
  idle.abort();
  const expected: string[][] = [["p"], []];
  let sent = 0;
  const load = setInterval(() => {
    for (let i = 0; i < 20; i++, sent++) {
      const value = Buffer.from(`s${sent}`);
      expected[sent % 2]!.push(`s${sent}`);
      writer.append(sent % 2, wallClockMs(), value, 0, value.length);
    }
  }, 2);
  while (acked < 500) await delay(5);
  await broker.service.kill();
  const atKill = acked;
  const restarted = broker.service.restart();
  const committed = client.commitPrepared(topic, prepared);
  await restarted;
  clearInterval(load);
  await writer.flush();
  assert.ok(acked === sent && sent > atKill, `${acked} of ${sent}, ${atKill} at the kill`);
  await Promise.all([writer.commitTransaction(), committed]);
  await writer.close();
  assert.deepEqual(await read(topic, "read_committed", 2), expected);
  assert.deepEqual(await read(topic, "read_uncommitted", 2), expected);
});

test("prepared, but open for longer than its timeout: the broker has aborted it, and the loss is said with what to do", async () => {
  const { topic, prepared } = forgotten;
  // The broker looks for late transactions every 10 s.
  while ((await client.listOffsets(topic, [0], "latest", "read_committed"))[0] === 0) await delay(100);
  await assert.rejects(client.commitPrepared(topic, prepared), (error: FaultlineError) => {
    assert.equal(error.code, "transaction-lost");
    assert.match(error.hint ?? "", /timeout longer/);
    return true;
  });
  assert.deepEqual(await read(topic, "read_committed"), [[]]);
});
