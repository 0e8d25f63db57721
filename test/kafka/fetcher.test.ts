import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { crc32c } from "@node-rs/crc32";
import type { FaultlineError } from "../../base/errors.ts";
import { type FetcherOptions, KafkaClient } from "../../kafka/client.ts";
import { BatchBuilder } from "../../kafka/record-batch/encode.ts";
import { ATTRIBUTE, BATCH } from "../../kafka/record-batch/layout.ts";
import { API } from "../../kafka/requests/api.ts";
import type { Reader } from "../../kafka/wire/reader.ts";
import { Writer } from "../../kafka/wire/writer.ts";
import { until } from "../services/until.ts";
import {
  clusterAnswer,
  type FakeBroker,
  fetchAnswer,
  frameOf,
  produceAnswer,
  type Reaction,
  readProduce,
  type Script,
  startFakeBroker,
} from "./fake-broker.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A batch of records `first`, `first + 1` … at these offsets. */
function batch(first: number, count: number): Buffer {
  const builder = new BatchBuilder();
  for (let i = 0; i < count; i++) {
    const value = Buffer.from(String(first + i));
    builder.append(5, value, 0, value.length, null);
  }
  const bytes = builder.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1 });
  bytes.writeInt32BE(first, BATCH.baseOffset + 4);
  return bytes;
}

/** The offset of the first partition in a Fetch request. */
function offsetOf(body: Reader): number {
  body.skip(4 + 4 + 4 + 4 + 1 + 4 + 4 + 4);
  body.string();
  body.skip(4 + 4 + 4);
  return body.int64();
}

interface Fetched {
  readonly values: number[];
  readonly error: FaultlineError | null;
}

/** Fetches partition 0 of the scripted broker from offset 0 until `count` records or an error. */
async function fetchFrom(script: Script, count: number, options: Partial<FetcherOptions> = {}): Promise<Fetched> {
  const broker = await startFakeBroker(script);
  closers.push(broker.close);
  const client = await KafkaClient.connect({ brokers: [broker.address], clientId: "test" });
  closers.push(() => client.close());
  return new Promise((resolve) => {
    const values: number[] = [];
    const fetcher = client.fetcher({
      topic: "t",
      assignments: [{ partition: 0, offset: 0 }],
      isolation: "read_uncommitted",
      onBatch: (view) => {
        for (const cursor = view.walk(); cursor.next(); ) {
          values.push(Number(Buffer.from(view.bytes.subarray(cursor.valueStart, cursor.valueEnd)).toString()));
        }
        if (values.length >= count) {
          fetcher.close();
          resolve({ values, error: null });
        }
      },
      onError: (error) => resolve({ values, error }),
      ...options,
    });
    fetcher.start();
  });
}

/** Answers Fetch requests by `answers` in turn, then with the records 10 … from whatever offset is asked. */
function inTurn(...answers: ((offset: number, correlationId: number) => Reaction)[]): Script {
  let turn = 0;
  return (apiKey, body, correlationId) => {
    if (apiKey !== API.fetch.key) return undefined;
    const offset = offsetOf(body);
    const answer = answers[turn++];
    return answer === undefined ? fetchAnswer(0, 0, batch(offset, 10)) : answer(offset, correlationId);
  };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

test("a connection closed in the midst of an answer: fetching goes on at the next offset, nothing twice", async () => {
  const script = inTurn(
    (offset) => fetchAnswer(0, 0, batch(offset, 10)),
    (offset, correlationId) => {
      const whole = frameOf(correlationId, fetchAnswer(0, 0, batch(offset, 10)));
      return { raw: whole.subarray(0, whole.length - 7), thenClose: true };
    },
    () => "close",
  );
  assert.deepEqual(await fetchFrom(script, 30), { values: upTo(30), error: null });
});

test("a held partition is not asked for until it is let go, and then goes on where it was", async () => {
  let requests = 0;
  const script: Script = (apiKey, body) => {
    if (apiKey !== API.fetch.key) return undefined;
    requests += 1;
    return fetchAnswer(0, 0, batch(offsetOf(body), 10));
  };
  const broker = await startFakeBroker(script);
  closers.push(broker.close);
  const client = await KafkaClient.connect({ brokers: [broker.address], clientId: "test" });
  closers.push(() => client.close());
  const offsets: number[] = [];
  const fetcher = client.fetcher({
    topic: "t",
    assignments: [{ partition: 0, offset: 0 }],
    isolation: "read_uncommitted",
    onBatch: (view) => {
      offsets.push(view.baseOffset);
      fetcher.hold(0, true);
    },
    onError: assert.fail,
  });
  fetcher.start();
  for (const count of [1, 2, 3]) {
    await until(`answer ${count}`, () => offsets.length === count);
    await client.metadata(["t"]); // a whole round trip later …
    assert.equal(requests, count); // … nothing has been asked
    fetcher.hold(0, false);
  }
  fetcher.close();
  assert.deepEqual(offsets.slice(0, 3), [0, 10, 20]);
});

test("a fetcher that rests asks later after a small answer, and at once after one that shows a backlog", async () => {
  let requests = 0;
  const big = Buffer.concat(Array.from({ length: 8_000 }, (_, index) => batch(index, 1)));
  assert.ok(big.length >= 64 * 1024);
  const script: Script = (apiKey, body) => {
    if (apiKey !== API.fetch.key) return undefined;
    requests += 1;
    const offset = offsetOf(body);
    return fetchAnswer(0, 0, offset === 0 ? big : batch(offset, 10));
  };
  for (const [restMs, requestsSoon] of [
    [60_000, 2],
    [1, 5],
  ] as const) {
    requests = 0;
    const broker = await startFakeBroker(script);
    closers.push(broker.close);
    const client = await KafkaClient.connect({ brokers: [broker.address], clientId: "test" });
    closers.push(() => client.close());
    let answered = 0;
    const fetcher = client.fetcher({
      topic: "t",
      assignments: [{ partition: 0, offset: 0 }],
      isolation: "read_uncommitted",
      restMs,
      onBatch: (view) => {
        answered = view.nextOffset;
      },
      onError: assert.fail,
    });
    fetcher.start();
    await until(`${requestsSoon} requests`, () => requests >= requestsSoon && answered >= 8_010);
    for (let i = 0; i < 5; i++) await client.metadata(["t"]); // round trips later …
    if (restMs > 1) assert.equal(requests, requestsSoon); // … it still rests
    fetcher.close();
  }
});

test("a batch cut at the end of an answer is asked for again", async () => {
  const script = inTurn((offset) => {
    const whole = Buffer.concat([batch(offset, 10), batch(offset + 10, 10)]);
    return fetchAnswer(0, 0, whole.subarray(0, whole.length - 3));
  });
  assert.deepEqual(await fetchFrom(script, 30), { values: upTo(30), error: null });
});

test("records before the wanted offset are left out, control batches passed over", async () => {
  const control = batch(20, 1);
  control.writeInt16BE(ATTRIBUTE.control, BATCH.attributes);
  control.writeUInt32BE(crc32c(control.subarray(BATCH.attributes)), BATCH.crc);
  const script = inTurn(
    () => fetchAnswer(0, 0, batch(0, 15)),
    () => fetchAnswer(0, 0, Buffer.concat([batch(10, 10), control])),
  );
  assert.deepEqual((await fetchFrom(script, 30)).values, [...upTo(20), ...upTo(10).map((i) => 21 + i)]);
});

test("a wrong checksum ends the fetcher, and nothing of the batch is delivered", async () => {
  const script = inTurn((offset) => {
    const bytes = batch(offset, 10);
    bytes[bytes.length - 2]! ^= 1;
    return fetchAnswer(0, 0, bytes);
  });
  const { values, error } = await fetchFrom(script, 10);
  assert.deepEqual(values, []);
  assert.equal(error?.code, "kafka-corrupt");
});

test("leadership that moved: metadata is asked, then fetching goes on", async () => {
  const script = inTurn(
    () => fetchAnswer(0, 6, Buffer.alloc(0)),
    () => fetchAnswer(0, 9, Buffer.alloc(0)),
  );
  assert.deepEqual(await fetchFrom(script, 20), { values: upTo(20), error: null });
});

test("answers that end too early or are impossibly large are protocol errors", async () => {
  const truncated = inTurn(() => new Writer().int32(0).int16(0));
  assert.equal((await fetchFrom(truncated, 1)).error?.code, "kafka-protocol");
  const oversized = inTurn(() => ({ raw: Buffer.from("7fffffff", "hex"), thenClose: false }));
  assert.equal((await fetchFrom(oversized, 1)).error?.code, "kafka-protocol");
});

test("a throw in onBatch is the fetcher's error", async () => {
  const { error } = await fetchFrom(inTurn(), 1, {
    onBatch: () => {
      throw new Error("oops");
    },
  });
  assert.equal(error?.message, "oops");
});

/** What comes to the surface of the process while `work` runs until `isDone`; in a test that would otherwise end it. */
async function surfacing(work: () => Promise<unknown>): Promise<string[]> {
  const errors: string[] = [];
  process.setUncaughtExceptionCaptureCallback((error) => errors.push(error.message));
  try {
    await work();
    await new Promise<void>((resolve) => setImmediate(resolve));
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
  return errors;
}

test("a throw in onError, or in onBatch after close, ends no connection and is not lost: the process hears of it, once", async () => {
  for (const closeFirst of [false, true]) {
    let calls = 0;
    let requests = 0;
    const script: Script = (apiKey, body) => {
      if (apiKey !== API.fetch.key) return undefined;
      requests += 1;
      return fetchAnswer(0, 0, batch(offsetOf(body), 10));
    };
    const broker = await startFakeBroker(script);
    closers.push(broker.close);
    const client = await KafkaClient.connect({ brokers: [broker.address], clientId: "test" });
    closers.push(() => client.close());
    const errors = await surfacing(async () => {
      const fetcher = client.fetcher({
        topic: "t",
        assignments: [{ partition: 0, offset: 0 }],
        isolation: "read_uncommitted",
        onBatch: () => {
          calls += 1;
          if (closeFirst) fetcher.close();
          throw new Error("oops");
        },
        onError: (error) => {
          assert.ok(!closeFirst);
          throw error;
        },
      });
      fetcher.start();
      await until("it was called", () => calls > 0);
      await client.metadata(["t"]);
    });
    assert.deepEqual([errors, calls, requests], [["oops"], 1, 1], closeFirst ? "after close" : "in onError");
  }
});

/** Starts a fetcher of these partitions of a scripted broker, after `meanwhile`; resolves with its error. */
async function failureOf(script: Script, partitions: readonly number[], meanwhile = async (_: FakeBroker) => {}) {
  const broker = await startFakeBroker(script);
  closers.push(broker.close);
  const client = await KafkaClient.connect({ brokers: [broker.address], clientId: "test", timeoutMs: 20 });
  closers.push(() => client.close());
  return new Promise<FaultlineError>((resolve) => {
    const fetcher = client.fetcher({
      topic: "t",
      assignments: partitions.map((partition) => ({ partition, offset: 0 })),
      isolation: "read_uncommitted",
      maxWaitMs: 10,
      unreachableTimeoutMs: 200,
      onBatch: () => {},
      onError: resolve,
    });
    void meanwhile(broker).then(() => fetcher.start());
  });
}

test("a cluster that is gone before the first request is an error, not an endless wait", async () => {
  let isGone = false;
  const error = await failureOf(
    () => (isGone ? "close" : undefined),
    [0],
    async () => {
      isGone = true;
    },
  );
  assert.equal(error.code, "kafka-unreachable");
});

test("a partition that does not exist is an error although the others are answered all the time", async () => {
  const error = await failureOf(
    (apiKey) => (apiKey === API.fetch.key ? fetchAnswer(0, 0, Buffer.alloc(0)) : undefined),
    [0, 7],
  );
  assert.equal(error.code, "kafka-unreachable");
  assert.match(error.hint ?? "", /partition numbers/);
});

test("when leadership has moved away, the old leader is called no more", async () => {
  let leader = 1;
  const brokers: FakeBroker[] = [];
  for (const nodeId of [1, 2]) {
    const script: Script = (apiKey, body) => {
      if (apiKey === API.metadata.key)
        return clusterAnswer(
          brokers.map(({ port }) => port),
          [leader],
        );
      if (apiKey === API.produce.key)
        return produceAnswer(readProduce(body).map(({ partition }) => [partition, nodeId === leader ? 0 : 6, 0]));
      if (apiKey !== API.fetch.key) return undefined;
      return nodeId === leader ? fetchAnswer(0, 0, batch(offsetOf(body), 1)) : fetchAnswer(0, 6, Buffer.alloc(0));
    };
    const broker = await startFakeBroker(script);
    brokers.push(broker);
    closers.push(broker.close);
  }
  const [old, current] = brokers as [FakeBroker, FakeBroker];
  const client = await KafkaClient.connect({ brokers: [current.address], clientId: "test" });
  closers.push(() => client.close());
  const onError = (error: FaultlineError) => assert.fail(error);
  const producer = await client.producer({ topic: "t", partitions: [0], acks: -1, onAck: () => {}, onError });
  let fetched = 0;
  const assignments = [{ partition: 0, offset: 0 }];
  const onBatch = () => {
    fetched += 1;
  };
  client.fetcher({ topic: "t", assignments, isolation: "read_uncommitted", onBatch, onError }).start();
  await until("it fetches from the old leader", () => fetched > 0);
  producer.append(0, 0, Buffer.from("a"), 0, 1);
  await producer.flush();
  assert.equal(old.connections, 2);
  leader = 2;
  const before = fetched;
  producer.append(0, 0, Buffer.from("b"), 0, 1);
  await producer.flush();
  await until("it fetches from the new leader", () => fetched > before + 5);
  await until("the old leader is left alone", () => old.connections === 0);
});
