import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../base/random.ts";
import { KafkaClient, type Producer } from "../../kafka/client.ts";
import { BROKER_ERROR } from "../../kafka/errors.ts";
import { BatchView } from "../../kafka/record-batch/decode.ts";
import { API } from "../../kafka/requests/api.ts";
import type { Reader } from "../../kafka/wire/reader.ts";
import {
  clusterAnswer,
  type FakeBroker,
  type ProducedBatch,
  produceAnswer,
  type Reaction,
  readProduce,
  startFakeBroker,
} from "./fake-broker.ts";

const PARTITIONS = [0, 1, 2];
const RECORDS = 300;
const REQUEST_TIMED_OUT = 7;

/** A partition that takes batches as brokers do: in sequence, copies recognised. Holds the numbers in the records. */
class PartitionLog {
  readonly values: number[] = [];
  readonly #taken = new Set<number>();

  append(batch: ProducedBatch): readonly [error: number, offset: number] {
    if (this.#taken.has(batch.baseSequence)) return [BROKER_ERROR.duplicateSequence, -1];
    if (batch.baseSequence !== this.values.length) return [BROKER_ERROR.outOfOrderSequence, -1];
    this.#taken.add(batch.baseSequence);
    const view = new BatchView();
    view.load(batch.bytes, 0, batch.bytes.length, true);
    for (const cursor = view.walk(); cursor.next(); ) this.values.push(batch.bytes.readInt32LE(cursor.valueStart));
    return [0, batch.baseSequence];
  }
}

/** Two brokers that share logs, move leadership, refuse, lose answers and close connections, all by the seed. */
class FaultyCluster {
  readonly logs = PARTITIONS.map(() => new PartitionLog());
  readonly brokers: FakeBroker[] = [];
  faults = 0;
  readonly #random: Random;
  #leaders = [1, 2, 1];

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  async start(): Promise<void> {
    for (const nodeId of [1, 2]) {
      this.brokers.push(await startFakeBroker((apiKey, body) => this.#react(nodeId, apiKey, body)));
    }
  }

  #react(nodeId: number, apiKey: number, body: Reader): Reaction | undefined {
    if (apiKey === API.metadata.key) {
      return clusterAnswer(
        this.brokers.map(({ port }) => port),
        this.#leaders,
      );
    }
    if (apiKey !== API.produce.key) return undefined;
    const batches = readProduce(body);
    const isFaulty = this.faults < 12 && this.#random.below(3) === 0;
    if (!isFaulty) return this.#take(nodeId, batches);
    this.faults += 1;
    switch (this.#random.below(4)) {
      case 0:
        return "close";
      case 1:
        this.#take(nodeId, batches);
        return "close";
      case 2:
        this.#leaders = this.#leaders.map(() => 1 + this.#random.below(2));
        return this.#take(nodeId, batches);
      default:
        this.#take(nodeId, batches);
        return produceAnswer(batches.map(({ partition }) => [partition, REQUEST_TIMED_OUT, -1]));
    }
  }

  #take(nodeId: number, batches: readonly ProducedBatch[]): Reaction {
    return produceAnswer(
      batches.map((batch) => {
        if (this.#leaders[batch.partition] !== nodeId) return [batch.partition, BROKER_ERROR.notLeaderOrFollower, -1];
        return [batch.partition, ...this.logs[batch.partition]!.append(batch)];
      }),
    );
  }
}

/** Appends the numbers of each partition in small groups, over many turns of the event loop. */
async function appendAll(producer: Producer, random: Random): Promise<void> {
  const value = Buffer.alloc(4);
  for (let i = 0; i < RECORDS; i++) {
    value.writeInt32LE(i);
    for (const partition of PARTITIONS) producer.append(partition, 1000, value, 0, 4);
    if (random.below(4) === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

for (let seed = 1; seed <= 10; seed++) {
  test(`seed ${seed}: whatever brokers refuse, lose or hand over, every record is written once and in order`, async () => {
    const cluster = new FaultyCluster(seed);
    await cluster.start();
    const client = await KafkaClient.connect({
      brokers: cluster.brokers.map(({ address }) => address),
      clientId: "test",
    });
    const acked = PARTITIONS.map(() => 0);
    const producer = await client.producer({
      topic: "t",
      partitions: PARTITIONS,
      acks: -1,
      maxInFlight: 1 + (seed % 5),
      maxBatchBytes: 200,
      onAck: (partition, _offset, count) => {
        acked[partition]! += count;
      },
      onError: () => {}, // close rejects with it
    });
    try {
      await appendAll(producer, new Random(seed));
      await producer.close();
    } finally {
      await client.close();
      for (const broker of cluster.brokers) await broker.close();
    }
    assert.ok(cluster.faults > 0);
    for (const partition of PARTITIONS) {
      assert.equal(acked[partition], RECORDS);
      assert.deepEqual(cluster.logs[partition]!.values, [...Array(RECORDS).keys()]);
    }
  });
}
