import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import kafkajs from "kafkajs";
import { LogSink } from "../../../engine/connectors/sink-log.ts";
import type { LogAddress, LogPosition, LogRecords } from "../../../engine/ports.ts";
import type { ColumnBatch } from "../../../engine/rows/batch.ts";
import { KafkaLog } from "../../../engine/shell/kafka-log.ts";
import { silenceNegativeTimeouts } from "../../../harness/services/kafka/kafkajs-warnings.ts";
import { tinyBatch } from "../../engine/simulation/tiny-rows.ts";
import { until } from "../../services/until.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";

let broker: TestBroker;
const log = new KafkaLog("test");
silenceNegativeTimeouts();

before(async () => {
  broker = await startTestBroker();
});

after(async () => {
  await log.close();
  await broker.close();
});

const addressOf = (topic: string): LogAddress => ({ kind: "kafka", brokers: broker.service.brokers, topic });

/** Appends `values` to the partition and resolves when all are acknowledged. Waits for `onDrain` where told to. */
function writeAll(address: LogAddress, partition: number, values: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let [next, acknowledged] = [0, 0];
    const write = () => {
      while (next < values.length) {
        const value = Buffer.from(`..${values[next++]}..`);
        if (!writer.append(partition, 1_000 + next, value, 2, value.length - 2)) return;
      }
      writer.kick();
    };
    const writer = log.openWriter(address, [0, 1], {
      onAcknowledged: (of, count) => {
        assert.equal(of, partition);
        acknowledged += count;
        if (acknowledged < values.length) return;
        writer.close();
        resolve();
      },
      onDrain: write,
      onError: reject,
    });
    write();
  });
}

/** Reads `count` records from `from` on as [partition, offset, time, value]. */
function readSome(
  address: LogAddress,
  from: LogPosition[],
  count: number,
): Promise<[number, number, number, string][]> {
  return new Promise((resolve, reject) => {
    const got: [number, number, number, string][] = [];
    const reader = log.openReader(address, from, {
      onRecords: (records) => {
        const cursor = records.walk();
        while (cursor.next()) {
          const value = Buffer.from(records.bytes.subarray(cursor.valueStart, cursor.valueEnd)).toString();
          got.push([records.partition, cursor.offset, cursor.timestampMs, value]);
        }
        if (got.length < count) return;
        reader.close();
        resolve(got);
      },
      onSkipped: () => {},
      onError: reject,
    });
  });
}

test("what a writer appends, in order and acknowledged, a reader reads from any offset", async () => {
  const address = addressOf(await broker.topic(2));
  const values = Array.from({ length: 5_000 }, (_, i) => `value ${i}`);
  await Promise.all([writeAll(address, 0, values), writeAll(address, 1, ["a", "b"])]);
  const all = await readSome(address, [{ partition: 0, offset: 0 }], 5_000);
  assert.deepEqual(
    all.map(([, , , value]) => value),
    values,
  );
  assert.deepEqual(all[4_999], [0, 4_999, 6_000, "value 4999"]);
  const tail = await readSome(
    address,
    [
      { partition: 1, offset: 1 },
      { partition: 0, offset: 4_998 },
    ],
    3,
  );
  assert.deepEqual(tail.map(([partition, offset]) => [partition, offset]).sort(), [
    [0, 4_998],
    [0, 4_999],
    [1, 1],
  ]);
});

test("writers of one topic share requests, and each hears of its own records only, also in a partition of both", async () => {
  const address = addressOf(await broker.topic(2));
  const many = (name: string) => Array.from({ length: 800 }, (_, i) => `${name}${i}`);
  await Promise.all([writeAll(address, 1, many("a")), writeAll(address, 1, many("b")), writeAll(address, 0, ["c"])]);
  const all = (await readSome(address, [{ partition: 1, offset: 0 }], 1_600)).map(([, , , value]) => value);
  for (const name of ["a", "b"]) {
    assert.deepEqual(
      all.filter((value) => value.startsWith(name)),
      many(name),
    );
  }
  await writeAll(address, 0, ["after all others were closed"]);
});

test("end offsets come in the order of the reader's partitions, and a paused reader stays silent until resumed", async () => {
  const address = addressOf(await broker.topic(2));
  await Promise.all([writeAll(address, 0, ["x"]), writeAll(address, 1, ["y", "z"])]);
  const events: string[] = [];
  const ends = await new Promise<readonly number[]>((resolve, reject) => {
    const reader = log.openReader(
      address,
      [
        { partition: 1, offset: 0 },
        { partition: 0, offset: 0 },
      ],
      {
        onRecords: () => {
          events.push("records");
          if (events.includes("resumed")) reader.close();
        },
        onSkipped: () => {},
        onError: reject,
      },
    );
    reader.pause();
    reader.endOffsets((offsets) => {
      events.push("ends");
      reader.resume();
      events.push("resumed");
      resolve(offsets);
    });
  });
  assert.deepEqual(ends, [2, 1]);
  assert.deepEqual(events.slice(0, 2), ["ends", "resumed"]);
});

test("a sink writes a step of many times the producer's buffer, whole and in order", async () => {
  const address = addressOf(await broker.topic(1));
  const rowBytes = 1000;
  const count = 30_000;
  const encoder = {
    maxBytes: () => rowBytes,
    encode: (_batch: ColumnBatch, row: number, target: Uint8Array, at: number) => {
      new DataView(target.buffer, target.byteOffset).setUint32(at, row);
      return at + rowBytes;
    },
  };
  const rows = Array.from({ length: count }, (_, time) => ({ key: 1, value: 1, time }));
  await new Promise<void>((resolve, reject) => {
    const settle = () => {
      if (!sink.blocked) sink.endStep();
      if (!sink.settled) return;
      sink.close();
      resolve();
    };
    const sink = new LogSink({ address, partitions: 1, instance: 0, encoder }, log, { wake: settle, fail: reject });
    sink.start();
    sink.emit(tinyBatch(rows));
    sink.endStep();
    assert.ok(sink.blocked);
  });
  let next = 0;
  await new Promise<void>((resolve, reject) => {
    const reader = log.openReader(address, [{ partition: 0, offset: 0 }], {
      onRecords: (records) => {
        const view = new DataView(records.bytes.buffer, records.bytes.byteOffset);
        for (const cursor = records.walk(); cursor.next(); next++) {
          if (view.getUint32(cursor.valueStart) !== next) reject(new Error(`row ${next} is another one`));
        }
        if (next < count) return;
        reader.close();
        resolve();
      },
      onSkipped: () => {},
      onError: reject,
    });
  });
  assert.equal(next, count);
});

test("a log that ends in a transaction's control record can be read to its end", async () => {
  const address = addressOf(await broker.topic(1));
  const kafka = new kafkajs.Kafka({ brokers: [...address.brokers], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ transactionalId: "t", maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  for (const values of [["a", "b"], ["c"]]) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: address.topic, messages: values.map((value) => ({ value })) });
    await transaction.commit();
  }
  await producer.disconnect();
  // A commit is answered before its marker is in the log.
  const admin = kafka.admin();
  await admin.connect();
  const written = async () => Number((await admin.fetchTopicOffsets(address.topic))[0]!.high);
  await until("both markers", async () => (await written()) >= 5);
  await admin.disconnect();
  const events: string[] = [];
  await new Promise<void>((resolve, reject) => {
    let end = Number.POSITIVE_INFINITY;
    let position = 0;
    const moveTo = (offset: number) => {
      position = offset;
      if (position < end) return;
      reader.close();
      resolve();
    };
    const reader = log.openReader(address, [{ partition: 0, offset: 0 }], {
      onRecords: (records) => {
        events.push(`${records.baseOffset}+${records.recordCount}`);
        moveTo(records.nextOffset);
      },
      onSkipped: (_partition, nextOffset) => {
        events.push(`skipped to ${nextOffset}`);
        moveTo(nextOffset);
      },
      onError: reject,
    });
    reader.endOffsets(([offset]) => {
      end = offset!;
      moveTo(position);
    });
  });
  assert.deepEqual(events, ["0+2", "skipped to 3", "3+1", "skipped to 5"]);
});

test("an unknown topic and an unknown kind of log are errors, not silence", async () => {
  const failure = (address: LogAddress) =>
    new Promise<{ code: string }>((resolve) => {
      const onError = (error: Error) => resolve(error as Error & { code: string });
      log.openWriter(address, [0], { onAcknowledged: () => {}, onDrain: () => {}, onError });
    });
  const codes = await Promise.all([
    failure(addressOf("no-such-topic")),
    failure({ kind: "generator", brokers: [], topic: "" }),
  ]);
  assert.deepEqual(
    codes.map((error) => error.code),
    ["kafka-unknown-topic", "job-invalid"],
  );
});

test("a log that is cut keeps the offsets of what is left; readers from before the cut fail, or begin with what is kept and say so", async () => {
  const address = addressOf(await broker.topic(2));
  const values = Array.from({ length: 10 }, (_, index) => `v${index}`);
  await writeAll(address, 1, values);
  const cut = (offset: number) => new Promise<Error | null>((resolve) => log.truncate(address, 1, offset, resolve));
  assert.equal(await cut(6), null);
  assert.equal(await cut(4), null, "what is cut already stays so");
  assert.match((await cut(11))!.message, /OFFSET_OUT_OF_RANGE/);

  await assert.rejects(readSome(address, [{ partition: 1, offset: 2 }], 1), { code: "kafka-offset-out-of-range" });
  const skipped: number[] = [];
  const offsets: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const handler = {
      onRecords: (records: LogRecords) => {
        for (const cursor = records.walk(); cursor.next(); ) offsets.push(cursor.offset);
        if (offsets.length < 4) return;
        reader.close();
        resolve();
      },
      onSkipped: (_partition: number, nextOffset: number) => skipped.push(nextOffset),
      onError: reject,
    };
    const reader = log.openReader(address, [{ partition: 1, offset: 2 }], handler, { start: "kept" });
  });
  assert.deepEqual([skipped, offsets], [[6], [6, 7, 8, 9]]);
});
