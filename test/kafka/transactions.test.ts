import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { FaultlineError } from "../../base/errors.ts";
import { KafkaClient, type TransactionalProducer } from "../../kafka/client.ts";
import { BROKER_ERROR } from "../../kafka/errors.ts";
import { ATTRIBUTE, BATCH } from "../../kafka/record-batch/layout.ts";
import {
  readAddPartitionsToTxnResponse,
  writeAddPartitionsToTxnRequest,
} from "../../kafka/requests/add-partitions-to-txn.ts";
import { API } from "../../kafka/requests/api.ts";
import { writeEndTxnRequest } from "../../kafka/requests/end-txn.ts";
import { writeFindCoordinatorRequest } from "../../kafka/requests/find-coordinator.ts";
import { writeInitProducerIdRequest } from "../../kafka/requests/init-producer-id.ts";
import { writeListOffsetsRequest } from "../../kafka/requests/list-offsets.ts";
import { Reader } from "../../kafka/wire/reader.ts";
import { Writer } from "../../kafka/wire/writer.ts";
import { produceAnswer, type Reaction, readProduce, type Script, startFakeBroker } from "./fake-broker.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const NAMES = new Map<number, string>(Object.values(API).map(({ key, name }) => [key, name]));
const NOT_COORDINATOR = 16;
const LOADING = 14;

const errorOnly = (errorCode: number) => new Writer().int32(0).int16(errorCode);

interface Setup {
  readonly client: KafkaClient;
  readonly producer: TransactionalProducer;
  /** Names of the requests since the producer was there, without those of connecting. */
  readonly requests: string[];
  readonly failures: FaultlineError[];
}

async function setup(script: Script, onAck: () => void = () => {}): Promise<Setup> {
  const requests: string[] = [];
  const broker = await startFakeBroker((apiKey, body, correlationId) => {
    if (apiKey !== API.apiVersions.key && apiKey !== API.metadata.key) requests.push(NAMES.get(apiKey) ?? "?");
    return script(apiKey, body, correlationId) ?? (apiKey === API.produce.key ? accept(body) : undefined);
  });
  closers.push(broker.close);
  const client = await KafkaClient.connect({ brokers: [broker.address], clientId: "test" });
  closers.push(() => client.close());
  const failures: FaultlineError[] = [];
  const producer = await client.transactionalProducer(
    { topic: "t", partitions: [0, 1], acks: -1, onAck, onError: (error) => failures.push(error) },
    { id: "tx", timeoutMs: 1000 },
  );
  requests.length = 0;
  return { client, producer, requests, failures };
}

function accept(body: Reader): Reaction {
  return produceAnswer(readProduce(body).map(({ partition, baseSequence }) => [partition, 0, 40 + baseSequence]));
}

function append(producer: TransactionalProducer, partition: number): void {
  producer.append(partition, 1000, Buffer.from("x"), 0, 1);
}

const hex = (write: (writer: Writer) => void): string => {
  const writer = new Writer();
  write(writer);
  return writer.bytes().toString("hex");
};

test("requests have, byte for byte, the protocol's form", () => {
  const identity = { producerId: 4001, producerEpoch: 3 };
  // Built by hand from the protocol's tables: STRING = int16 length, ARRAY = int32 count.
  assert.equal(
    hex((w) => writeFindCoordinatorRequest(w, "tx")),
    "00027478" + "01",
  );
  assert.equal(
    hex((w) => writeInitProducerIdRequest(w, { id: "tx", timeoutMs: 60_000 })),
    "00027478" + "0000ea60",
  );
  assert.equal(
    hex((w) => writeInitProducerIdRequest(w, null)),
    "ffff" + "7fffffff",
  );
  assert.equal(
    hex((w) => writeAddPartitionsToTxnRequest(w, "tx", identity, "out", [0, 7])),
    "00027478" + "0000000000000fa1" + "0003" + "00000001" + "00036f7574" + "00000002" + "00000000" + "00000007",
  );
  assert.equal(
    hex((w) => writeEndTxnRequest(w, "tx", identity, true)),
    "00027478" + "0000000000000fa1" + "0003" + "01",
  );
  assert.equal(hex((w) => writeEndTxnRequest(w, "tx", identity, false)).slice(-2), "00");
  const listOffsets = (isolation: "read_committed" | "read_uncommitted") =>
    hex((w) => writeListOffsetsRequest(w, "t", [2], "latest", isolation));
  assert.equal(
    listOffsets("read_committed"),
    "ffffffff" + "01" + "00000001" + "000174" + "00000001" + "00000002" + "ffffffffffffffff",
  );
  assert.equal(listOffsets("read_uncommitted").slice(8, 10), "00");
});

test("of partitions that were not added the one that stood in the way is named", () => {
  const answer = new Writer().int32(0).int32(1).string("t");
  answer.array([55, 55, 29], (target, errorCode) => target.int32(0).int16(errorCode));
  const bytes = answer.bytes();
  assert.throws(
    () => readAddPartitionsToTxnResponse(new Reader(bytes, 0, bytes.length), "adding"),
    /TOPIC_AUTHORIZATION_FAILED/,
  );
});

test("partitions are added once a transaction and before their records, those of one turn together; batches are marked", async () => {
  const produced: string[] = [];
  const { producer, requests } = await setup((apiKey, body) => {
    if (apiKey !== API.produce.key) return undefined;
    const at = body.position;
    assert.equal(body.nullableString(), "tx");
    body.position = at;
    for (const { bytes, baseSequence } of readProduce(body)) {
      const attributes = bytes.readInt16BE(BATCH.attributes);
      produced.push(
        `${attributes === ATTRIBUTE.transactional} ${bytes.readInt32BE(BATCH.producerId + 4)} ${baseSequence}`,
      );
    }
    body.position = at;
    return undefined;
  });
  for (const partition of [0, 1, 0]) append(producer, partition);
  await producer.flush();
  append(producer, 0);
  await producer.flush();
  assert.deepEqual(producer.prepared(), { id: "tx", producerId: 77, epoch: 0, partition: 0, firstOffset: 40 });
  await producer.commitTransaction();
  assert.equal(producer.prepared(), null);
  await producer.commitTransaction();
  append(producer, 1);
  assert.throws(() => producer.prepared(), /acknowledged/);
  await producer.flush();
  await producer.abortTransaction();
  const [add, send, end] = ["AddPartitionsToTxn", "Produce", "EndTxn"];
  assert.deepEqual(requests, [add, send, send, end, add, send, end]);
  assert.deepEqual(produced.sort(), ["true 77 0", "true 77 0", "true 77 1", "true 77 2"].sort());
});

test("markers still being written, a coordinator that loads or has moved, a connection that breaks: asked again until it works", async () => {
  const trouble: (Reaction | null)[] = [
    errorOnly(BROKER_ERROR.concurrentTransactions),
    errorOnly(NOT_COORDINATOR),
    "close",
    errorOnly(LOADING),
    null,
  ];
  let ends = 0;
  const { producer, requests } = await setup((apiKey) => {
    if (apiKey === API.addPartitionsToTxn.key && ends === 0) {
      ends += 1;
      return new Writer().int32(0).array(["t"], (w, t) => w.string(t).array([51], (p, e) => p.int32(0).int16(e)));
    }
    if (apiKey !== API.endTxn.key) return undefined;
    return trouble[ends++ - 1] ?? undefined;
  });
  append(producer, 0);
  await producer.flush();
  await producer.commitTransaction();
  const [add, send, end, find] = ["AddPartitionsToTxn", "Produce", "EndTxn", "FindCoordinator"];
  assert.deepEqual(requests, [add, add, send, end, end, find, end, find, end, find, end]);
});

for (const errorCode of [BROKER_ERROR.invalidProducerEpoch, BROKER_ERROR.producerFenced]) {
  test(`fenced with error ${errorCode}: commit, adding partitions and producing fail for good, naming the id`, async () => {
    const atCommit = await setup((apiKey) => (apiKey === API.endTxn.key ? errorOnly(errorCode) : undefined));
    append(atCommit.producer, 0);
    await atCommit.producer.flush();
    await assert.rejects(atCommit.producer.commitTransaction(), { code: "kafka-fenced", message: /\btx\b/ });
    assert.throws(() => append(atCommit.producer, 0), { code: "kafka-fenced" });
    assert.deepEqual(atCommit.failures, [], "whoever commits is told, and nobody twice");

    const atProduce = await setup((apiKey) =>
      apiKey === API.produce.key ? produceAnswer([[0, errorCode, -1]]) : undefined,
    );
    append(atProduce.producer, 0);
    await assert.rejects(atProduce.producer.flush(), { code: "kafka-fenced", message: /\btx\b/ });
    assert.equal(atProduce.failures.length, 1);

    const atAdd = await setup((apiKey) =>
      apiKey === API.addPartitionsToTxn.key
        ? new Writer().int32(0).array(["t"], (w, t) => w.string(t).array([errorCode], (p, e) => p.int32(0).int16(e)))
        : undefined,
    );
    append(atAdd.producer, 0);
    await assert.rejects(atAdd.producer.flush(), { code: "kafka-fenced", message: /\btx\b/ });
    assert.deepEqual(atAdd.requests, ["AddPartitionsToTxn"]);
    assert.equal(atAdd.failures.length, 1);
  });
}

test("nothing may be appended before the end of a transaction is confirmed", async () => {
  const { producer } = await setup(() => undefined);
  append(producer, 0);
  await producer.flush();
  const committed = producer.commitTransaction();
  assert.throws(() => append(producer, 0), { code: "assertion-failed" });
  await committed;
});

test("abort sends no record that has no sequence number yet, and gives back its memory", async () => {
  const { producer, requests } = await setup(() => undefined);
  append(producer, 0);
  append(producer, 1);
  await producer.abortTransaction();
  assert.equal(producer.bufferedBytes, 0);
  assert.ok(!requests.includes("Produce"));
  append(producer, 0);
  await producer.flush();
  await producer.commitTransaction();
  assert.deepEqual(requests.slice(-3), ["AddPartitionsToTxn", "Produce", "EndTxn"]);
});

test("a throw in onAck after abort, or in onError, comes to the surface and breaks nothing", async () => {
  const errors: string[] = [];
  process.setUncaughtExceptionCaptureCallback((error) => errors.push(error.message));
  try {
    const broken: Setup = await setup(
      () => undefined,
      () => {
        broken.producer.abort();
        throw new Error("oops");
      },
    );
    append(broken.producer, 0);
    await assert.rejects(broken.producer.flush(), { code: "kafka-closed" });
    await broken.client.metadata(["t"]);
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
  assert.deepEqual(errors, ["oops"]);
});
