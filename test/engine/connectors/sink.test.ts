import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodePrepared } from "../../../engine/connectors/prepared-state.ts";
import { DiscardSink } from "../../../engine/connectors/sink-discard.ts";
import { LogSink } from "../../../engine/connectors/sink-log.ts";
import { TinyEncoder, tinyBatch } from "../simulation/tiny-rows.ts";
import { ManualLog } from "../task/manual-world.ts";
import { preparedOf } from "./manual-transactions.ts";

const rows = (...times: number[]) => tinyBatch(times.map((time) => ({ key: 1, value: time, time })));

function start(room = Number.POSITIVE_INFINITY, instance = 3) {
  const log = new ManualLog();
  log.room = room;
  const events: string[] = [];
  const address = { kind: "memory", brokers: [], topic: "out" };
  const sink = new LogSink({ address, partitions: 2, instance, encoder: new TinyEncoder() }, log, {
    wake: () => events.push("wake"),
    fail: (error) => events.push(`fail ${error.message}`),
  });
  sink.start();
  return { sink, writer: log.writers[0]!, events };
}

describe("a log sink", () => {
  it("writes selected rows, in order, to partition instance mod partitions, with their event times", () => {
    const { sink, writer } = start();
    const batch = rows(5, 6, 7);
    batch.selection[1] = 2;
    batch.selectedCount = 2;
    sink.emit(batch);
    assert.deepEqual(
      writer.rows.map(({ partition, timestampMs, row }) => [partition, timestampMs, row.value]),
      [
        [1, 5, 5],
        [1, 7, 7],
      ],
    );
  });

  it("blocks when the writer is full until it drains", () => {
    const { sink, writer, events } = start(2);
    sink.emit(rows(1));
    assert.equal(sink.blocked, false);
    sink.emit(rows(2));
    assert.equal(sink.blocked, true);
    writer.room = 5;
    writer.handler.onDrain();
    assert.deepEqual([sink.blocked, events], [false, ["wake"]]);
  });

  it("keeps what a step makes beyond the writer's room, and writes it in order as room comes, before the task goes on", () => {
    const { sink, writer, events } = start(3);
    const times = Array.from({ length: 10_000 }, (_, index) => index);
    sink.emit(rows(...times.slice(0, 7000)));
    sink.emit(rows(...times.slice(7000)));
    sink.endStep();
    for (const room of [4, 4000, 9999]) {
      assert.equal(writer.rows.length, writer.room);
      writer.room = room;
      writer.handler.onDrain();
      assert.deepEqual([sink.blocked, sink.settled, events], [true, false, []]);
    }
    writer.room = 10_001;
    const { kicks } = writer;
    writer.handler.onDrain();
    assert.deepEqual([sink.blocked, events, writer.kicks], [false, ["wake"], kicks + 1]);
    sink.emit(rows(10_000));
    assert.deepEqual(
      writer.rows.map(({ timestampMs, row }) => [timestampMs, row.value]),
      [...times, 10_000].map((time) => [time, time]),
    );
    writer.handler.onAcknowledged(1, 10_001);
    assert.equal(sink.settled, true);
  });

  it("is settled only when everything is durable", () => {
    const { sink, writer, events } = start();
    assert.equal(sink.settled, true);
    sink.emit(rows(1, 2, 3));
    sink.endStep();
    assert.deepEqual([sink.settled, writer.kicks], [false, 1]);
    writer.handler.onAcknowledged(1, 2);
    assert.equal(sink.settled, false);
    writer.handler.onAcknowledged(1, 1);
    assert.deepEqual([sink.settled, events], [true, ["wake"]]);
  });

  it("prepares a checkpoint when the rows before it are durable, not waiting for later ones", () => {
    const { sink, writer } = start();
    const prepared: number[] = [];
    sink.prepare(1, ({ length }) => prepared.push(1, length));
    sink.emit(rows(1, 2));
    sink.prepare(2, ({ length }) => prepared.push(2, length));
    sink.emit(rows(3));
    assert.deepEqual(prepared, [1, 0]);
    writer.handler.onAcknowledged(1, 2);
    assert.deepEqual(prepared, [1, 0, 2, 0]);
    sink.commit(2);
    assert.equal(sink.committed, true);
  });

  it("refuses a checkpoint whose rows wait for a commit that it would never make", () => {
    const { sink } = start();
    sink.restore(new Uint8Array(0));
    sink.restore(encodePrepared([]));
    assert.throws(() => sink.restore(encodePrepared([preparedOf("a")])), { code: "job-invalid" });
  });

  it("fails on acknowledgements of what was never written", () => {
    const { sink, writer, events } = start();
    sink.emit(rows(1));
    writer.handler.onAcknowledged(1, 2);
    assert.match(events[0]!, /fail 2 records/);
  });
});

describe("the discard sink", () => {
  it("sums to the same for any order and to another for other rows", () => {
    const sumOf = (...batches: number[][]) => {
      const sink = new DiscardSink(new TinyEncoder());
      for (const times of batches) sink.emit(rows(...times));
      return sink.counters();
    };
    assert.deepEqual(sumOf([1, 2], [3]), sumOf([3, 1], [2]));
    assert.notDeepEqual(sumOf([1, 2], [3]), sumOf([1, 2], [4]));
    assert.equal(sumOf([1, 2], [3]).discarded, 3);
  });
});
