import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import type { Isolation, PreparedTransaction, TransactionalWriter } from "../../../engine/ports.ts";
import type { SimulatedProcess } from "../../../engine/simulation/process.ts";
import { type LogWorld, logWorld } from "./log-world.ts";

const OUT = { kind: "memory", brokers: [], topic: "out" };
const FROM = [{ partition: 0, offset: 0 }];
const SOON_US = 5_000;

function handler() {
  const seen = { acknowledged: 0, errors: [] as string[] };
  return {
    seen,
    onAcknowledged: (_partition: number, count: number) => {
      seen.acknowledged += count;
    },
    onDrain: () => {},
    onError: (error: Error) => seen.errors.push(codeOf(error)),
  };
}

function codeOf(error: Error | null): string {
  return error instanceof FaultlineError ? error.code : String(error);
}

function put(writer: Pick<TransactionalWriter, "append" | "kick">, ...values: number[]): void {
  for (const value of values) writer.append(0, 0, Uint8Array.of(value), 0, 1);
  writer.kick();
}

function open(process: SimulatedProcess, id: string, timeoutMs = 60_000) {
  const handling = handler();
  const writer = process.world.log.openTransactionalWriter(OUT, [0], { id, timeoutMs }, handling);
  return { writer, seen: handling.seen };
}

/** What a reader of the partition is given: values, and `>n` for what it passes over. */
function readFrom(process: SimulatedProcess, isolation: Isolation) {
  const got: string[] = [];
  const reader = process.world.log.openReader(
    OUT,
    FROM,
    {
      onRecords: (records) => {
        for (const cursor = records.walk(); cursor.next(); )
          got.push(`${cursor.offset}:${records.bytes[cursor.valueStart]}`);
      },
      onSkipped: (_partition, nextOffset) => got.push(`>${nextOffset}`),
      onError: (error) => got.push(codeOf(error)),
    },
    { isolation },
  );
  return { got, reader };
}

function ended(world: LogWorld, how: (done: (error: Error | null) => void) => void): string {
  let answer: string | null = null;
  how((error) => {
    answer = codeOf(error);
  });
  world.runUntil(() => answer !== null, "answer");
  return answer!;
}

function preparedBy(world: LogWorld, writer: TransactionalWriter): PreparedTransaction {
  world.pass(SOON_US);
  return writer.prepared()!;
}

describe("transactions of a simulated log", () => {
  it("shows committed readers a partition up to the oldest open transaction, without aborted ones and markers", () => {
    const world = logWorld();
    const process = world.start("p");
    const [first, second] = [open(process, "a"), open(process, "b")];
    put(first.writer, 1, 2);
    world.pass(SOON_US);
    put(second.writer, 3);
    world.pass(SOON_US);
    put(first.writer, 4);
    world.pass(SOON_US);
    const [committed, uncommitted] = [readFrom(process, "committed"), readFrom(process, "uncommitted")];
    world.pass(SOON_US);
    assert.deepEqual([committed.got, uncommitted.got], [[], ["0:1", "1:2", "2:3", "3:4"]]);
    assert.equal(
      ended(world, (done) => second.writer.commit(done)),
      "null",
    );
    world.pass(SOON_US);
    assert.deepEqual(committed.got, []);
    assert.equal(
      ended(world, (done) => first.writer.abort(done)),
      "null",
    );
    world.pass(SOON_US);
    assert.deepEqual(committed.got, [">2", "2:3", ">6"]);
    assert.deepEqual(uncommitted.got.slice(4), [">5", ">6"]);
    put(first.writer, 5);
    world.pass(SOON_US);
    const ends: number[] = [];
    for (const { reader } of [committed, uncommitted]) reader.endOffsets((offsets) => ends.push(...offsets));
    world.pass(SOON_US);
    assert.deepEqual(
      ends.sort((a, b) => a - b),
      [6, 7],
    );
    assert.deepEqual(
      world.log.topics.records("out", 0, "committed").map(([value]) => value),
      [3],
    );
  });

  it("says what is prepared only when it is durable, and begins the next with the first record after the end", () => {
    const world = logWorld();
    const { writer, seen } = open(world.start("p"), "a");
    assert.equal(writer.prepared(), null);
    put(writer, 1, 2);
    assert.throws(() => writer.prepared(), /durable/);
    const first = preparedBy(world, writer);
    assert.deepEqual([first.id, first.partition, first.firstOffset, seen.acknowledged], ["a", 0, 0, 2]);
    writer.commit(() => {});
    assert.throws(() => put(writer, 3), /while a transaction ends/);
    world.pass(SOON_US);
    assert.equal(writer.prepared(), null);
    put(writer, 3);
    const second = preparedBy(world, writer);
    assert.deepEqual([second.firstOffset, second.epoch === first.epoch], [3, false]);
  });

  it("commits what a dead process has prepared, as often as it is asked, and never what came behind it", () => {
    const world = logWorld();
    const [process, next] = [world.start("p"), world.start("q")];
    const { writer } = open(process, "a");
    put(writer, 1);
    const first = preparedBy(world, writer);
    assert.equal(
      ended(world, (done) => writer.commit(done)),
      "null",
    );
    put(writer, 2);
    const second = preparedBy(world, writer);
    process.kill();
    const resolve = (prepared: PreparedTransaction) =>
      ended(world, (done) => next.world.log.commitPrepared(OUT, prepared, done));
    const visible = () => world.log.topics.records("out", 0, "committed").map(([value]) => value);
    assert.deepEqual([resolve(first), visible()], ["null", [1]]);
    assert.deepEqual([resolve(second), resolve(second), visible()], ["null", "null", [1, 2]]);
    open(next, "a");
    world.pass(SOON_US);
    assert.deepEqual([resolve(second), resolve({ ...second, epoch: second.epoch + 1 })], ["null", "transaction-lost"]);
    assert.equal(resolve({ ...second, id: "nobody" }), "transaction-lost");
  });

  it("fences the holder of an id when another claims it, and aborts what that one left open", () => {
    const world = logWorld();
    const dead = world.start("p");
    const [zombie, other] = [open(dead, "a"), open(dead, "b")];
    put(other.writer, 0);
    put(zombie.writer, 1);
    const prepared = preparedBy(world, zombie.writer);
    const next = world.start("q");
    const { writer } = open(next, "a");
    open(next, "b");
    put(writer, 2);
    world.pass(SOON_US);
    put(zombie.writer, 3);
    world.pass(SOON_US);
    assert.deepEqual(zombie.seen, { acknowledged: 1, errors: ["kafka-fenced"] });
    assert.equal(
      ended(world, (done) => other.writer.commit(done)),
      "kafka-fenced",
    );
    assert.equal(
      ended(world, (done) => next.world.log.commitPrepared(OUT, prepared, done)),
      "transaction-lost",
    );
    assert.equal(
      ended(world, (done) => writer.commit(done)),
      "null",
    );
    assert.deepEqual(
      world.log.topics.records("out", 0, "committed").map(([value]) => value),
      [2],
    );
  });

  it("aborts a transaction that is open for too long", () => {
    const world = logWorld();
    const { writer } = open(world.start("p"), "a", 50);
    put(writer, 1);
    world.pass(45_000);
    assert.notEqual(writer.prepared(), null);
    world.pass(10_000);
    assert.equal(
      ended(world, (done) => writer.commit(done)),
      "kafka-fenced",
    );
    assert.deepEqual(world.log.topics.records("out", 0, "committed"), []);
  });

  it("takes back what was appended when it is told to abort, sent or not, claimed or not", () => {
    const world = logWorld();
    const { writer } = open(world.start("p"), "a");
    put(writer, 1, 2);
    assert.equal(
      ended(world, (done) => writer.abort(done)),
      "null",
    );
    put(writer, 3);
    put(writer, 4);
    assert.equal(
      ended(world, (done) => writer.abort(done)),
      "null",
    );
    put(writer, 5);
    world.pass(SOON_US);
    assert.equal(
      ended(world, (done) => writer.commit(done)),
      "null",
    );
    assert.deepEqual(
      world.log.topics.records("out", 0, "committed").map(([value]) => value),
      [5],
    );
  });

  it("hands a listener what committed readers see, in their order", () => {
    const given: number[] = [];
    const world = logWorld(1, {}, (_topic, _partition, value) => given.push(value[0]!));
    const process = world.start("p");
    const plain = process.world.log.openWriter(OUT, [0], handler());
    put(plain, 1);
    world.pass(SOON_US);
    assert.deepEqual(given, [1]);
    const [lost, kept] = [open(process, "a"), open(process, "b")];
    for (const [writer, value] of [
      [lost.writer, 2],
      [kept.writer, 3],
      [plain, 4],
    ] as const) {
      put(writer, value);
      world.pass(SOON_US);
    }
    assert.equal(
      ended(world, (done) => kept.writer.commit(done)),
      "null",
    );
    assert.deepEqual(given, [1]);
    assert.equal(
      ended(world, (done) => lost.writer.abort(done)),
      "null",
    );
    assert.deepEqual(given, [1, 3, 4]);
  });
});

describe("a simulated log", () => {
  it("has, of a process that is killed, sometimes what was never acknowledged to it, and never half a request", () => {
    const written = new Set<number>();
    let unknowing = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const world = logWorld(seed);
      const process = world.start("p");
      const handling = handler();
      put(process.world.log.openWriter(OUT, [0], handling), 1, 2, 3);
      world.pass(seed * 4);
      process.kill();
      world.pass(SOON_US);
      const { length } = world.log.topics.records("out", 0);
      written.add(length);
      assert.ok(handling.seen.acknowledged <= length);
      if (length > handling.seen.acknowledged) unknowing++;
    }
    assert.deepEqual([...written].toSorted(), [0, 3]);
    assert.ok(unknowing >= 10, `${unknowing} of 100`);
  });

  it("answers nothing while it is out, then everything, and has every record once, in order", () => {
    const failovers = { everyUs: { min: 300, max: 3_000 }, lengthUs: { min: 100, max: 2_000 } };
    const world = logWorld(3, { failovers });
    const process = world.start("p");
    const handling = handler();
    const plain = process.world.log.openWriter(OUT, [0], handling);
    for (let value = 0; value < 100; value++) {
      put(plain, value);
      world.pass(200);
    }
    world.runUntil(() => handling.seen.acknowledged === 100, "acknowledgement");
    const values = world.log.topics.records("out", 0).map(([value]) => value);
    assert.deepEqual(
      values,
      Array.from({ length: 100 }, (_, index) => index),
    );
    const { failover, repeatedAppend } = world.universe.situations.counts;
    assert.ok(failover >= 5 && repeatedAppend >= 1, `${failover} failovers, ${repeatedAppend} repeated`);
  });

  it("keeps readers and transactions waiting while it is told to be out", () => {
    const world = logWorld();
    const process = world.start("p");
    const { writer, seen } = open(process, "a");
    put(writer, 1);
    world.pass(SOON_US);
    world.log.outages.begin(100_000);
    let isCommitted = false;
    writer.commit((error) => {
      assert.equal(error, null);
      isCommitted = true;
    });
    const { got } = readFrom(process, "uncommitted");
    world.pass(99_000);
    assert.deepEqual([isCommitted, got, seen.errors], [false, [], []]);
    world.pass(SOON_US);
    assert.deepEqual([isCommitted, got], [true, ["0:1", ">2"]]);
  });
});
