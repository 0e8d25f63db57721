import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { wallClockMs } from "../../../base/clock.ts";
import type { FaultlineError } from "../../../base/errors.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";

let broker: TestBroker;
let client: KafkaClient;

before(async () => {
  broker = await startTestBroker();
  client = await KafkaClient.connect({ brokers: broker.service.brokers, clientId: "test" });
});

after(async () => {
  await client?.close();
  await broker?.close();
});

const failing = (error: FaultlineError): never => {
  throw error;
};
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

for (const maxInFlight of [1, 5]) {
  test(`restart and kill of the broker under load, ${maxInFlight} in flight: nothing lost, nothing doubled, order kept`, async () => {
    const topic = await broker.topic(4);
    const acked = [0, 0, 0, 0];
    const producer = await client.producer({
      topic,
      partitions: range(4),
      acks: -1,
      maxInFlight,
      onError: failing,
      onAck: (partition, _offset, count) => {
        acked[partition]! += count;
      },
    });
    const seen: number[][] = [[], [], [], []];
    const fetcher = client.fetcher({
      topic,
      assignments: range(4).map((partition) => ({ partition, offset: 0 })),
      isolation: "read_uncommitted",
      onBatch: (view) => {
        const bytes = Buffer.from(view.bytes.buffer, view.bytes.byteOffset, view.bytes.length);
        for (const cursor = view.walk(); cursor.next(); )
          seen[view.partition]!.push(bytes.readUInt32LE(cursor.valueStart));
      },
      onError: failing,
    });
    fetcher.start();
    let sent = 0;
    const value = Buffer.alloc(100);
    const load = setInterval(() => {
      for (let i = 0; i < 40; i++) {
        value.writeUInt32LE(sent >>> 2, 0);
        // A time in the present: see the docstring of append.
        producer.append(sent % 4, wallClockMs(), value, 0, value.length);
        sent += 1;
      }
    }, 2);
    await broker.service.restart();
    if (maxInFlight === 5) {
      process.kill(broker.service.pid ?? 0, "SIGKILL");
      assert.deepEqual(
        await broker.service.failed,
        { code: null, signal: "SIGKILL" },
        "a death nobody ordered is told",
      );
      await broker.service.restart();
      await broker.service.kill();
      await broker.service.restart();
    }
    clearInterval(load);
    await producer.close();
    assert.equal(
      acked.reduce((sum, count) => sum + count, 0),
      sent,
    );
    while (seen.some((values, partition) => values.length < acked[partition]!)) await client.metadata([]);
    assert.deepEqual(await client.listOffsets(topic, range(4), "latest"), acked);
    for (const values of seen) {
      const firstWrong = values.findIndex((value, i) => value !== i);
      assert.equal(firstWrong, -1, `record ${firstWrong} is ${values[firstWrong]}`);
    }
    fetcher.close();
  });
}
