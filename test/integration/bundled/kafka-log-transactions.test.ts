import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { FaultlineError } from "../../../base/errors.ts";
import type { Isolation, LogAddress, LogReaderHandler } from "../../../engine/ports.ts";
import { KafkaLog } from "../../../engine/shell/kafka-log.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";

let broker: TestBroker;
const log = new KafkaLog("test");

before(async () => {
  broker = await startTestBroker();
});

after(async () => {
  await log.close();
  await broker.close();
});

const addressOf = (topic: string): LogAddress => ({ kind: "kafka", brokers: broker.service.brokers, topic });

/** A transactional writer whose calls are promises. */
function openTransactions(address: LogAddress, id: string, partitions: readonly number[] = [0]) {
  let [acknowledged, appended, waits] = [0, 0, 0];
  let wake = () => {};
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  const writer = log.openTransactionalWriter(
    address,
    partitions,
    { id, timeoutMs: 30_000 },
    {
      onAcknowledged: (_partition, count) => {
        acknowledged += count;
        wake();
      },
      onDrain: () => {},
      onError: fail,
    },
  );
  const append = (partition: number, text: string) => {
    const value = Buffer.from(text);
    appended += 1;
    if (!writer.append(partition, 1_000, value, 0, value.length)) waits += 1;
  };
  const end = (isCommit: boolean) =>
    new Promise<Error | null>((resolve) => (isCommit ? writer.commit(resolve) : writer.abort(resolve)));
  return {
    writer,
    failed,
    append,
    get waits() {
      return waits;
    },
    get acknowledged() {
      return acknowledged;
    },
    /** Resolves when all of `count` records are acknowledged. */
    async settled(count = appended) {
      writer.kick();
      while (acknowledged < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    commit: () => end(true),
    abort: () => end(false),
  };
}

/** What readers of committed records see, once that is `count` records: a commit is answered before its marker is written. */
async function committedValues(address: LogAddress, count: number): Promise<string[]> {
  for (let attempt = 0; ; attempt++) {
    const { values } = await readToEnd(address, "committed");
    if (values.length >= count || attempt === 100) return values;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What a reader of this isolation is given up to the end offset that it is told, and that offset. */
function readToEnd(address: LogAddress, isolation: Isolation): Promise<{ end: number; values: string[] }> {
  return new Promise((resolve, reject) => {
    const values: string[] = [];
    let [position, end] = [0, Number.POSITIVE_INFINITY];
    const check = () => {
      if (position < end) return;
      reader.close();
      resolve({ end, values });
    };
    const handler: LogReaderHandler = {
      onRecords: (records) => {
        for (const cursor = records.walk(); cursor.next(); )
          values.push(Buffer.from(records.bytes.subarray(cursor.valueStart, cursor.valueEnd)).toString());
        position = records.nextOffset;
        check();
      },
      onSkipped: (_partition, nextOffset) => {
        position = nextOffset;
        check();
      },
      onError: reject,
    };
    const reader = log.openReader(address, [{ partition: 0, offset: 0 }], handler, { isolation });
    reader.endOffsets(([offset]) => {
      end = offset!;
      check();
    });
  });
}

test("a transactional writer: what is appended before the id is claimed counts, readers see a transaction whole or not at all", async () => {
  const address = addressOf(await broker.topic(1));
  const transactions = openTransactions(address, "log-1");
  assert.equal(transactions.writer.prepared(), null);
  transactions.append(0, "a");
  transactions.append(0, "b");
  assert.throws(() => transactions.writer.prepared(), { code: "assertion-failed" });
  await transactions.settled();
  const prepared = transactions.writer.prepared()!;
  assert.deepEqual([prepared.id, prepared.partition, prepared.firstOffset], ["log-1", 0, 0]);
  assert.deepEqual(await readToEnd(address, "committed"), { end: 0, values: [] });
  assert.deepEqual(await readToEnd(address, "uncommitted"), { end: 2, values: ["a", "b"] });
  assert.equal(await transactions.commit(), null);
  assert.equal(transactions.writer.prepared(), null);
  transactions.append(0, "c");
  await transactions.settled();
  transactions.append(0, "d");
  assert.equal(await transactions.abort(), null);
  assert.equal(transactions.writer.prepared(), null);
  const acknowledged = transactions.acknowledged;
  transactions.append(0, "e");
  await transactions.settled(acknowledged + 1);
  assert.equal(await transactions.commit(), null);
  transactions.writer.close();
  assert.deepEqual(await committedValues(address, 3), ["a", "b", "e"]);
});

test("records taken back before the id is claimed never leave; the buffer until then is bounded", async () => {
  const address = addressOf(await broker.topic(1));
  const transactions = openTransactions(address, "log-early");
  const large = "x".repeat(500_000);
  for (let i = 0; i < 9; i++) transactions.append(0, large);
  assert.equal(transactions.waits, 1, "only the record that crosses the bound asks to wait");
  assert.equal(await transactions.abort(), null);
  transactions.append(0, "kept");
  await transactions.settled(1);
  assert.equal(await transactions.commit(), null);
  transactions.writer.close();
  assert.deepEqual((await readToEnd(address, "uncommitted")).values, ["kept"]);
});

test("a writer that died prepared: its successor commits first, then claims the id; the zombie is told that it is fenced", async () => {
  const address = addressOf(await broker.topic(1));
  const zombie = openTransactions(address, "log-2");
  zombie.append(0, "prepared");
  await zombie.settled();
  const prepared = zombie.writer.prepared()!;
  const commit = () => new Promise<Error | null>((resolve) => log.commitPrepared(address, prepared, resolve));
  assert.equal(await commit(), null);
  const heir = openTransactions(address, "log-2");
  heir.append(0, "of the heir");
  await heir.settled();
  assert.equal(await commit(), null, "a restore may be repeated");
  const late = await zombie.commit();
  assert.equal((late as FaultlineError).code, "kafka-fenced");
  assert.equal(await heir.commit(), null);

  const second = openTransactions(address, "log-2");
  second.append(0, "lost");
  await second.settled();
  const lost = second.writer.prepared()!;
  const third = openTransactions(address, "log-2");
  third.append(0, "of the third");
  await third.settled();
  second.append(0, "of a zombie");
  second.writer.kick();
  assert.match((await second.failed).message, /log-2/);
  const answer = await new Promise<Error | null>((resolve) => log.commitPrepared(address, lost, resolve));
  assert.equal((answer as FaultlineError).code, "transaction-lost");
  assert.equal(await third.commit(), null);
  for (const { writer } of [zombie, heir, second, third]) writer.close();
  assert.deepEqual(await committedValues(address, 3), ["prepared", "of the heir", "of the third"]);
});
