import assert from "node:assert/strict";
import { test } from "node:test";
import { type BroadcastConnect, BroadcastConnectOperator } from "../../../engine/operators/broadcast-connect.ts";
import { type KeyedConnect, KeyedConnectOperator } from "../../../engine/operators/connect.ts";
import { StampOperator } from "../../../engine/operators/stamp.ts";
import { KeyCodec } from "../../../engine/rows/key.ts";
import { instanceOfKeyGroup, keyGroupRange } from "../../../engine/rows/key-groups.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { batchOf, type PlainRow, rowsOf } from "../rows/rows.ts";
import { KEY_GROUPS, open, reopen, snapshotOf } from "./run.ts";

const LEFT = new RowSchema([
  { name: "key", type: "string" },
  { name: "value", type: "i64" },
]);
/** The key is not the first field here. */
const RIGHT = new RowSchema([
  { name: "amount", type: "i64" },
  { name: "id", type: "string" },
]);
const OUT = new RowSchema([
  { name: "key", type: "string" },
  { name: "total", type: "i64" },
]);

/** The second input adds to a key's total, the first reads it. */
function totals(): KeyedConnect {
  return {
    state: { width: 1 },
    onFirst(row, context, out) {
      if (!context.exists) return;
      out.addRow(row.eventTimeMs);
      out.copy(0, row, 0);
      out.setNumber(1, context.get(0));
    },
    onSecond(row, context) {
      context.set(0, context.get(0) + row.number(0));
    },
  };
}

const left = (key: string): PlainRow => ({ eventTimeMs: 1, values: [key, 0] });
const right = (key: string, amount: number): PlainRow => ({ eventTimeMs: 1, values: [amount, key] });
const keyed = () => new KeyedConnectOperator([new KeyCodec(LEFT, ["key"]), new KeyCodec(RIGHT, ["id"])], OUT, totals());

test("both inputs meet in one state per key, in the order of arrival", () => {
  const running = open(keyed);
  running.operator.process(0, batchOf(LEFT, [left("a")]));
  running.operator.process(1, batchOf(RIGHT, [right("a", 2), right("b", 5), right("a", 3)], 1));
  running.operator.process(0, batchOf(LEFT, [left("b"), left("c"), left("a")], 1));
  assert.deepEqual(
    running.rows.map(({ values }) => values),
    [
      ["b", 5],
      ["a", 5],
    ],
  );
});

test("the state of a keyed connection moves with its key groups", () => {
  const before = open(keyed);
  const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
  before.operator.process(
    1,
    batchOf(
      RIGHT,
      keys.map((key, i) => right(key, i + 1)),
    ),
  );
  const after = reopen(keyed, 3, [snapshotOf(before)]);
  const codec = new KeyCodec(LEFT, ["key"]);
  for (const [i, key] of keys.entries()) {
    const batch = batchOf(LEFT, [left(key)]);
    const owner = after[instanceOfKeyGroup(codec.groupOf(batch, 0, KEY_GROUPS), 3, KEY_GROUPS)]!;
    owner.operator.process(0, batch);
    assert.deepEqual(owner.rows.at(-1)!.values, [key, i + 1]);
  }
});

/** Emits each row with the newest broadcast amount. */
function newest(): BroadcastConnect {
  let amount = 0;
  return {
    onRow(row, out) {
      out.addRow(row.eventTimeMs);
      out.copy(0, row, 0);
      out.setNumber(1, amount);
    },
    onBroadcast(row) {
      amount = row.number(0);
    },
    snapshot: (writer) => writer.f64(amount),
    restore(reader) {
      amount = reader.f64();
    },
  };
}

test("broadcast rows change what later rows see, and every restored instance has the same state", () => {
  const create = () => new BroadcastConnectOperator(OUT, newest());
  const running = open(create);
  running.operator.process(0, batchOf(LEFT, [left("a")]));
  running.operator.process(1, batchOf(RIGHT, [right("x", 7), right("y", 9)]));
  running.operator.process(0, batchOf(LEFT, [left("b")]));
  assert.deepEqual(
    running.rows.map(({ values }) => values),
    [
      ["a", 0],
      ["b", 9],
    ],
  );
  const snapshot = snapshotOf(running);
  for (const { operator, rows } of reopen(create, 3, [snapshot, snapshot])) {
    operator.process(0, batchOf(LEFT, [left("c")]));
    assert.deepEqual(rows[0]!.values, ["c", 9]);
  }
});

const STAMPED = new RowSchema([
  { name: "name", type: "string" },
  { name: "at", type: "decimal3" },
]);

function stamped(onlyWhereZero: boolean, processingTimeUs?: () => number): PlainRow[] {
  const rows: PlainRow[] = [];
  const operator = new StampOperator(1, onlyWhereZero);
  const context = { operatorId: "stamp", instance: 0, parallelism: 1, keyGroups: keyGroupRange(0, 1, KEY_GROUPS) };
  operator.open(processingTimeUs === undefined ? context : { ...context, processingTimeUs }, {
    emit: (batch) => rows.push(...rowsOf(batch)),
  });
  const input: PlainRow[] = ["a", "b", "c"].map((name, i) => ({ eventTimeMs: i, values: [name, i === 1 ? 5 : 0] }));
  operator.process(0, batchOf(STAMPED, input, 300));
  return rows;
}

test("processing time: one reading of the clock a batch, in all rows or where there is none", () => {
  let readings = 0;
  const clock = () => 1000 + readings++;
  assert.deepEqual(
    stamped(false, clock).map(({ values }) => values),
    [
      ["a", 1000],
      ["b", 1000],
      ["c", 1000],
    ],
  );
  assert.deepEqual(
    stamped(true, clock).map(({ values }) => values[1]),
    [1001, 5, 1001],
  );
});

test("an operator that did not declare processing time is given no clock", () => {
  assert.throws(() => stamped(false), { code: "assertion-failed" });
});
