import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { EventQueue } from "../../../engine/simulation/event-queue.ts";

function emptyCluster(seed = 1): SimulatedCluster {
  return new SimulatedCluster({
    seed,
    workers: 0,
    modules: new Map(),
    suppliers: new Map(),
    batchRecords: 3,
    onRecord: null,
    maxSteps: 10_000,
    maxVirtualUs: 10_000_000,
  });
}

function pass(cluster: SimulatedCluster, timeUs: number): void {
  let passed = false;
  cluster.universe.queue.at(cluster.universe.nowUs + timeUs, () => {
    passed = true;
  });
  cluster.runUntil(() => passed, "time");
}

describe("the event queue", () => {
  it("lets events happen by time, and in the order of asking at equal times, but for cancelled ones", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.boolean())), (asked) => {
        const queue = new EventQueue();
        const happened: number[] = [];
        asked.forEach(([timeUs, cancelled], index) => {
          const event = queue.at(timeUs, () => happened.push(index));
          event.cancelled = cancelled;
        });
        while (queue.step() !== null);
        const expected = asked
          .map(([timeUs, cancelled], index) => ({ timeUs, cancelled, index }))
          .filter(({ cancelled }) => !cancelled)
          .sort((a, b) => a.timeUs - b.timeUs || a.index - b.index)
          .map(({ index }) => index);
        assert.deepEqual(happened, expected);
      }),
    );
  });
});

describe("the simulated world", () => {
  it("delivers messages in order, tells a sender above the bound to wait, and when it may go on", () => {
    const cluster = emptyCluster();
    const [from, to] = [cluster.startProcess("from"), cluster.startProcess("to")];
    const got: number[] = [];
    to.world.network.accept(() => ({
      onMessage: (message) => got.push(message[0]!),
      onDrain: () => {},
      onClosed: () => got.push(-1),
    }));
    let drains = 0;
    const handler = { onMessage: () => {}, onDrain: () => drains++, onClosed: () => {} };
    const connection = from.world.network.connect("to:1", handler);
    const answers = Array.from({ length: 5 }, (_, index) => {
      return connection.send(Uint8Array.of(index), new Uint8Array(300_000));
    });
    assert.deepEqual(answers, [true, true, true, false, false]);
    pass(cluster, 2000);
    assert.deepEqual([got, drains], [[0, 1, 2, 3, 4], 1]);
    connection.close();
    connection.close();
    pass(cluster, 1000);
    assert.equal(got.at(-1), -1);
  });

  it("runs nothing in a killed process, resets its connections, and gives its leadership to the next", () => {
    const cluster = emptyCluster();
    const [first, second] = [cluster.startProcess("first"), cluster.startProcess("second")];
    const events: string[] = [];
    for (const process of [first, second]) {
      process.world.election.join("group", process.name, {
        onElected: (epoch) => events.push(`${process.name} leads in epoch ${epoch}`),
        onDeposed: () => {},
      });
    }
    second.world.network.accept(() => ({
      onMessage: () => {},
      onDrain: () => {},
      onClosed: (error) => events.push(error?.message ?? "closed"),
    }));
    first.world.network.connect("second:1", { onMessage: () => {}, onDrain: () => {}, onClosed: () => {} });
    pass(cluster, 1000);
    first.world.timers.after(100, () => events.push("a dead process acts"));
    first.kill();
    pass(cluster, 1000);
    assert.deepEqual(events.toSorted(), [
      "connection to first reset",
      "first leads in epoch 1",
      "second leads in epoch 2",
    ]);
  });

  it("keeps stored files and logs beyond the death of who wrote them, but not what was never sent", () => {
    const cluster = emptyCluster();
    const writer = cluster.startProcess("writer");
    writer.world.store.write("a", Uint8Array.of(1, 2), () => {});
    const address = { kind: "memory", brokers: [], topic: "t" };
    let durable = 0;
    const log = writer.world.log.openWriter(address, [0], {
      onAcknowledged: (_partition, count) => {
        durable += count;
      },
      onDrain: () => {},
      onError: (error) => assert.fail(error),
    });
    for (const value of [1, 2, 3, 4]) log.append(0, 0, Uint8Array.of(9, value, 9), 1, 2);
    log.kick();
    pass(cluster, 5000);
    log.append(0, 0, Uint8Array.of(5), 0, 1);
    writer.kill();
    const reader = cluster.startProcess("reader");
    let stored: Uint8Array | null = null;
    reader.world.store.read("a", (_error, bytes) => {
      stored = bytes;
    });
    const values: number[][] = [];
    reader.world.log.openReader(address, [{ partition: 0, offset: 1 }], {
      onRecords: (records) => {
        const batch: number[] = [];
        for (const cursor = records.walk(); cursor.next(); )
          batch.push(records.bytes[cursor.valueStart]!, cursor.offset);
        values.push(batch);
      },
      onSkipped: () => assert.fail("this log has no gaps"),
      onError: (error) => assert.fail(error),
    });
    pass(cluster, 5000);
    assert.equal(durable, 4);
    assert.deepEqual([...stored!], [1, 2]);
    assert.deepEqual(values, [[2, 1, 3, 2, 4, 3]]);
  });

  it("ends a process whose callback throws, as a real one would", () => {
    const cluster = emptyCluster();
    const process = cluster.startProcess("careless");
    process.world.timers.soon(() => {
      throw new Error("oops");
    });
    pass(cluster, 100);
    assert.deepEqual([process.alive, process.endError?.message], [false, "oops"]);
  });
});
