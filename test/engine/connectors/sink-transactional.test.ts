import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { decodePrepared, encodePrepared } from "../../../engine/connectors/prepared-state.ts";
import { TransactionalSink } from "../../../engine/connectors/sink-transactional.ts";
import type { PreparedTransaction } from "../../../engine/ports.ts";
import { TinyEncoder, tinyBatch } from "../simulation/tiny-rows.ts";
import { ManualLog, ManualTime } from "../task/manual-world.ts";
import { ManualTransactions, preparedOf } from "./manual-transactions.ts";

const rows = (...values: number[]) => tinyBatch(values.map((value) => ({ key: 1, value, time: 5 })));

function start(
  ids: readonly string[] = ["a", "b", "c"],
  restored: readonly PreparedTransaction[] | null = null,
  formerIds: readonly string[] = [],
) {
  const log = new ManualTransactions();
  const events: string[] = [];
  const address = { kind: "memory", brokers: [], topic: "out" };
  const settings = { address, partitions: 1, instance: 0, encoder: new TinyEncoder() };
  const world = { ...new ManualTime(), log: Object.assign(new ManualLog(), bound(log)) };
  const sink = new TransactionalSink({ ...settings, transactionalIds: ids, formerIds, timeoutMs: 60_000 }, world, {
    wake: () => events.push("wake"),
    fail: (error) => events.push(`fail ${error instanceof FaultlineError ? error.code : error.message}`),
  });
  if (restored !== null) sink.restore(encodePrepared(restored));
  sink.start();
  const prepared: string[] = [];
  const prepare = (checkpointId: number) =>
    sink.prepare(checkpointId, (state) => {
      const transactions = decodePrepared(state).map(({ id, epoch }) => `${id}${epoch}`);
      prepared.push(`${checkpointId}: ${transactions.join(" ")}`);
    });
  const writer = (id: string) => log.writers.get(id)!;
  return { log, sink, events, prepare, prepared, writer };
}

function bound(log: ManualTransactions): Pick<ManualTransactions, "openTransactionalWriter" | "commitPrepared"> {
  return {
    openTransactionalWriter: (...asked) => log.openTransactionalWriter(...asked),
    commitPrepared: (...asked) => log.commitPrepared(...asked),
  };
}

describe("a transactional sink", () => {
  it("claims two ids, writes through one, claims one more when only one is to spare, and goes on with the next once a checkpoint's rows are durable", () => {
    const { log, sink, prepare, prepared, writer } = start();
    assert.deepEqual(log.take(), ["a claim", "b claim"]);
    sink.emit(rows(1, 2));
    prepare(1);
    assert.deepEqual([prepared, sink.settled, sink.committed], [[], false, false]);
    writer("a").acknowledge();
    assert.deepEqual([prepared, sink.settled, sink.committed], [["1: a0"], true, false]);
    sink.emit(rows(3));
    assert.deepEqual(log.take(), ["a 1", "a 2", "c claim", "b 3"]);
    assert.equal(sink.blocked, false);
  });

  it("keeps rows that come before the checkpoint's rows are durable: two ids at once would change their order", () => {
    const { log, sink, events, prepare, writer } = start();
    sink.emit(rows(1));
    prepare(1);
    sink.emit(rows(2, 3));
    assert.deepEqual([log.take().slice(2), sink.blocked], [["a 1"], true]);
    writer("a").acknowledge();
    assert.deepEqual([log.take(), sink.blocked, events], [["c claim", "b 2", "b 3"], false, ["wake"]]);
  });

  it("aborts what earlier executions have left open, does not mind who else does, and has not ended before", () => {
    const { log, sink, events, writer } = start(["b", "c"], [preparedOf("a")], ["a"]);
    log.resolving.get("a")!(null);
    assert.deepEqual(log.take(), ["b claim", "c claim", "a resolve 0", "a claim", "a abort"]);
    assert.equal(sink.committed, false);
    writer("a").answer!(new FaultlineError("kafka-fenced", "by a later execution"));
    assert.deepEqual([log.take(), events, sink.committed], [["a close"], ["wake", "wake"], true]);
    writer("a").handler.onError(new FaultlineError("kafka-timeout", "nobody answers"));
    assert.equal(events.at(-1), "fail kafka-timeout");
  });

  it("writes while what a checkpoint has prepared is being committed, but answers no checkpoint before that", () => {
    const { log, sink, prepare, prepared, writer } = start(["b", "c"], [preparedOf("a")]);
    sink.emit(rows(1));
    prepare(1);
    writer("b").acknowledge();
    assert.deepEqual([prepared, sink.settled], [[], true], "a restore from it would not commit a");
    log.resolving.get("a")!(null);
    assert.deepEqual(prepared, ["1: b0"]);
  });

  it("claims no id before what is prepared under it is committed", () => {
    const { log } = start(["a", "b"], [preparedOf("a")]);
    assert.deepEqual(log.take(), ["a resolve 0"]);
    log.resolving.get("a")!(null);
    assert.deepEqual(log.take(), ["a claim", "b claim"]);
  });

  it("commits when the checkpoint is complete, and uses the id again", () => {
    const { log, sink, events, prepare, prepared, writer } = start(["a", "b"]);
    sink.emit(rows(1));
    prepare(1);
    writer("a").acknowledge();
    log.take();
    sink.commit(1);
    sink.commit(1);
    assert.deepEqual([log.take(), sink.committed], [["a commit"], false]);
    events.length = 0;
    writer("a").answer!(null);
    assert.deepEqual([sink.committed, events], [true, ["wake"]]);
    assert.deepEqual(pickCounts(sink), { committedTransactions: 1, preparedTransactions: 0, openTransactions: 0 });
    sink.emit(rows(2));
    prepare(2);
    writer("b").acknowledge();
    sink.emit(rows(3));
    prepare(3);
    writer("a").acknowledge();
    assert.deepEqual(prepared, ["1: a0", "2: b0", "3: b0 a1"]);
  });

  it("lists a transaction until its commit is answered, for a commit may not have reached the log", () => {
    const { sink, prepare, prepared, writer } = start();
    sink.emit(rows(1));
    prepare(1);
    writer("a").acknowledge();
    sink.commit(1);
    prepare(2);
    writer("a").answer!(null);
    prepare(3);
    assert.deepEqual(prepared, ["1: a0", "2: a0", "3: "]);
  });

  it("commits what was prepared for aborted checkpoints with the next complete one, and nothing of later ones", () => {
    const { log, sink, prepare, prepared, writer } = start(["a", "b", "c", "d"]);
    for (const [index, id] of ["a", "b", "c"].entries()) {
      sink.emit(rows(index));
      prepare(index + 1);
      writer(id).acknowledge();
    }
    assert.deepEqual(prepared, ["1: a0", "2: a0 b0", "3: a0 b0 c0"]);
    log.take();
    sink.commit(2);
    assert.deepEqual(log.take(), ["a commit", "b commit"]);
    writer("b").answer!(null);
    sink.emit(rows(8));
    prepare(4);
    writer("d").acknowledge();
    // The id of the second is used again only when the first is committed too.
    sink.emit(rows(9));
    assert.deepEqual([log.take(), sink.blocked, prepared.at(-1)], [["d 8"], true, "4: a0 b0 c0 d0"]);
    writer("a").answer!(null);
    assert.deepEqual([log.take(), sink.blocked, sink.committed], [["a 9"], false, false]);
    prepare(5);
    writer("a").acknowledge();
    sink.commit(5);
    assert.deepEqual([prepared.at(-1), log.take()], ["5: c0 d0 a1", ["c commit", "d commit", "a commit"]]);
    for (const id of ["c", "d", "a"]) writer(id).answer!(null);
    assert.equal(sink.committed, true);
  });

  it("waits when all its ids have prepared transactions, and answers checkpoints that it can", () => {
    const { log, sink, events, prepare, prepared, writer } = start(["a", "b"]);
    sink.emit(rows(1));
    prepare(1);
    writer("a").acknowledge();
    sink.emit(rows(2));
    prepare(2);
    assert.equal(sink.blocked, true);
    writer("b").acknowledge();
    assert.equal(sink.blocked, true);
    sink.emit(rows(3));
    prepare(3);
    sink.emit(rows(4));
    log.take();
    assert.deepEqual(prepared, ["1: a0", "2: a0 b0"]);
    sink.commit(1);
    events.length = 0;
    writer("a").answer!(null);
    // The rows of checkpoint 3 get the id; those behind them wait.
    assert.deepEqual([log.take(), sink.blocked], [["a commit", "a 3"], true]);
    sink.commit(2);
    writer("b").answer!(null);
    assert.deepEqual([log.take(), sink.blocked], [["b commit"], true]);
    writer("a").acknowledge();
    assert.deepEqual([prepared.at(-1), log.take(), sink.blocked], ["3: a1", ["b 4"], false]);
    assert.equal(events.at(-1), "wake");
  });

  it("writes the rest of a step in order when the log's buffer was full, also of a checkpoint's rows", () => {
    const { log, sink, prepare, prepared, writer } = start();
    log.room = 2;
    sink.emit(rows(1, 2, 3));
    assert.equal(sink.blocked, true);
    prepare(1);
    sink.emit(rows(4));
    log.take();
    writer("a").acknowledge();
    assert.deepEqual([log.take(), prepared], [[], []]);
    writer("a").handler.onDrain();
    assert.deepEqual([log.take(), sink.blocked], [["a 3"], true]);
    writer("a").acknowledge();
    assert.deepEqual([log.take(), prepared, sink.blocked], [["c claim", "b 4"], ["1: a0"], false]);
  });

  it("commits what the checkpoint had prepared before it claims any id, and holds rows and checkpoints back meanwhile", () => {
    const { log, sink, events, prepare, prepared, writer } = start(
      ["a", "b"],
      [preparedOf("b", 4), preparedOf("a", 9)],
    );
    assert.deepEqual(log.take(), ["b resolve 4", "a resolve 9"]);
    assert.deepEqual([sink.blocked, sink.committed], [true, false]);
    prepare(7);
    sink.emit(rows(1));
    prepare(8);
    log.resolving.get("a")!(null);
    assert.deepEqual([log.take(), prepared], [[], []]);
    log.resolving.get("b")!(null);
    assert.deepEqual([log.take(), prepared], [["a claim", "b claim", "a 1"], ["7: "]]);
    writer("a").acknowledge();
    assert.deepEqual([prepared, sink.blocked], [["7: ", "8: a0"], false]);
    assert.ok(events.every((event) => event === "wake") && events.length > 0);
  });

  it("fails when a prepared transaction was lost, when a commit fails, and when it is fenced", () => {
    const lost = start(["a", "b"], [preparedOf("a")]);
    lost.log.resolving.get("a")!(new FaultlineError("transaction-lost", "aborted"));
    assert.deepEqual([lost.events, lost.log.take()], [["fail transaction-lost"], ["a resolve 0"]]);
    const { sink, events, prepare, writer } = start();
    sink.emit(rows(1));
    prepare(1);
    writer("a").acknowledge();
    sink.commit(1);
    events.length = 0;
    writer("a").answer!(new FaultlineError("kafka-fenced", "fenced"));
    writer("b").handler.onError(new FaultlineError("kafka-fenced", "fenced"));
    assert.deepEqual([events, sink.committed], [["fail kafka-fenced", "fail kafka-fenced"], false]);
  });

  it("fails on acknowledgements of what was never written", () => {
    const { sink, events, writer } = start();
    sink.emit(rows(1));
    writer("a").handler.onAcknowledged(0, 2);
    writer("b").handler.onAcknowledged(0, 1);
    assert.deepEqual(events, ["fail assertion-failed", "fail assertion-failed"]);
  });

  it("aborts on close what no checkpoint can want, never what is prepared, and hears no more", () => {
    const { log, sink, events, prepare, writer } = start();
    sink.emit(rows(1));
    prepare(1);
    writer("a").acknowledge();
    sink.emit(rows(2));
    log.take();
    events.length = 0;
    sink.close();
    assert.deepEqual(log.take(), ["a close", "b abort", "c close"]);
    writer("b").answer!(new FaultlineError("kafka-fenced", "somebody has claimed it"));
    writer("a").handler.onError(new Error("late"));
    assert.deepEqual([log.take(), events], [["b close"], []]);
  });

  it("refuses pools that cannot work and states that are none", () => {
    assert.throws(() => start(["a"]), { code: "job-invalid" });
    assert.throws(() => start(["a", "a"]), { code: "job-invalid" });
    for (const state of [
      "{",
      "{}",
      '[{"id":"a"}]',
      '[{"id":"a","producerId":1,"epoch":0.5,"partition":0,"firstOffset":0}]',
    ])
      assert.throws(() => decodePrepared(new TextEncoder().encode(state)), { code: "snapshot-corrupt" }, state);
    assert.deepEqual(decodePrepared(new Uint8Array(0)), []);
  });
});

function pickCounts(sink: TransactionalSink) {
  const { committedTransactions, preparedTransactions, openTransactions } = sink.counters();
  return { committedTransactions, preparedTransactions, openTransactions };
}
