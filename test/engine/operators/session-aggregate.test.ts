import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Aggregate, avg, count, max, min, sum } from "../../../engine/operators/aggregate/aggregate.ts";
import { BoundAggregates } from "../../../engine/operators/aggregate/bound-aggregates.ts";
import { SessionAggregateOperator } from "../../../engine/operators/window/session-aggregate.ts";
import { windowSchema } from "../../../engine/operators/window/window-schema.ts";
import { sessionGapMs, sessions } from "../../../engine/operators/window/window-spec.ts";
import { KeyCodec } from "../../../engine/rows/key.ts";
import { instanceOfKeyGroup } from "../../../engine/rows/key-groups.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { batchOf, type PlainRow } from "../rows/rows.ts";
import { anyStepsOf } from "./any-steps.ts";
import { feed, KEY_GROUPS, open, reopen, type Step, snapshotOf } from "./run.ts";

const schema = new RowSchema([
  { name: "id", type: "i64" },
  { name: "name", type: "string" },
  { name: "price", type: "i64" },
]);
const aggregates: readonly Aggregate[] = [count("num"), sum("price"), min("price"), max("price"), avg("price")];

function creator(keys: readonly string[], gapMs: number): () => SessionAggregateOperator {
  const out = windowSchema(schema, keys, aggregates);
  const bound = new BoundAggregates(schema, aggregates);
  return () => new SessionAggregateOperator(new KeyCodec(schema, keys), gapMs, bound, out, null);
}

interface Session {
  readonly key: string;
  readonly rows: readonly PlainRow[];
}

const firstOf = ({ rows }: Session) => Math.min(...rows.map((row) => row.eventTimeMs));
const lastOf = ({ rows }: Session) => Math.max(...rows.map((row) => row.eventTimeMs));

/** The same naively: sessions as lists of rows, merged by looking at all of them. */
function model(keys: readonly string[], gapMs: number, steps: readonly Step[]) {
  let opened: Session[] = [];
  let watermarkMs = Number.NEGATIVE_INFINITY;
  let lateRows = 0;
  const fired: PlainRow[] = [];
  for (const step of steps) {
    if ("watermarkMs" in step) {
      watermarkMs = step.watermarkMs;
      const due = opened.filter((one) => lastOf(one) + gapMs - 1 <= watermarkMs);
      opened = opened.filter((one) => !due.includes(one));
      fired.push(...inOrder(keys, gapMs, due));
      continue;
    }
    const time = step.eventTimeMs;
    const key = JSON.stringify(keys.map((name) => step.values[schema.index(name)]));
    const near = opened.filter((one) => one.key === key && time >= firstOf(one) - gapMs && time <= lastOf(one) + gapMs);
    if (near.length === 0 && time + gapMs - 1 <= watermarkMs) lateRows += 1;
    else {
      opened = opened.filter((one) => !near.includes(one));
      opened.push({ key, rows: [...near.flatMap((one) => one.rows), step] });
    }
  }
  return { fired, lateRows };
}

/** Rows of sessions, in the order (end, key group, key bytes). */
function inOrder(keys: readonly string[], gapMs: number, due: readonly Session[]): PlainRow[] {
  const codec = new KeyCodec(schema, keys);
  const placed = due.map((session) => {
    const batch = batchOf(schema, session.rows);
    codec.encode(batch, 0);
    const bytes = Buffer.from(codec.bytes.slice(0, codec.length));
    return { session, end: lastOf(session) + gapMs, group: codec.groupOf(batch, 0, KEY_GROUPS), bytes };
  });
  placed.sort((a, b) => a.end - b.end || a.group - b.group || Buffer.compare(a.bytes, b.bytes));
  return placed.map(({ session, end }) => {
    const prices = session.rows.map((row) => row.values[2]).filter((price) => typeof price === "number");
    const total = prices.reduce((a, b) => a + b, 0);
    const mean = Math.trunc(total / prices.length) + 0;
    const ofPrices =
      prices.length === 0 ? [null, null, null, null] : [total, Math.min(...prices), Math.max(...prices), mean];
    const key = keys.map((name) => session.rows[0]!.values[schema.index(name)]!);
    const values = [...key, session.rows.length, ...ofPrices, firstOf(session), end];
    return { eventTimeMs: end - 1, kind: 0, values };
  });
}

const anyRow: fc.Arbitrary<PlainRow> = fc
  .tuple(
    fc.integer({ min: -40, max: 160 }),
    fc.option(fc.nat(3), { freq: 9 }),
    fc.option(fc.constantFrom("a", "b"), { freq: 9 }),
    fc.option(fc.integer({ min: -9, max: 99 }), { freq: 9 }),
  )
  .map(([eventTimeMs, ...values]) => ({ eventTimeMs, values }));
const anySteps = anyStepsOf(anyRow, { mostRiseMs: 30, rowsPerWatermark: 9, maxLength: 120, beforeMs: -50 });
const anyKeys = fc.constantFrom(["id"], ["name"], ["name", "id"]);
const anyGap = fc.integer({ min: 1, max: 30 });

test("sessions are what a naive model says, in the same order, however the input is cut into batches", () => {
  fc.assert(
    fc.property(anyKeys, anyGap, anySteps, fc.integer({ min: 1, max: 100 }), (keys, gapMs, steps, batchRows) => {
      const expected = model(keys, gapMs, steps);
      const running = open(creator(keys, gapMs));
      feed(running, schema, steps, batchRows);
      assert.deepEqual(running.rows, expected.fired);
      assert.deepEqual(running.operator.counters!(), { lateRows: expected.lateRows });
    }),
    { numRuns: 300 },
  );
});

test("sessions restored at another parallelism are those of an uninterrupted run", () => {
  const parallelism = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(anyKeys, anyGap, anySteps, fc.nat(), parallelism, parallelism, (keys, gapMs, steps, cut, p, q) => {
      const create = creator(keys, gapMs);
      const codec = new KeyCodec(schema, keys);
      const at = cut % steps.length;
      const part = (list: readonly Step[], instance: number, of: number) =>
        list.filter((step) => {
          if ("watermarkMs" in step) return true;
          return instanceOfKeyGroup(codec.groupOf(batchOf(schema, [step]), 0, KEY_GROUPS), of, KEY_GROUPS) === instance;
        });
      const before = Array.from({ length: p }, (_, i) => open(create, i, p));
      before.forEach((running, i) => {
        feed(running, schema, part(steps.slice(0, at), i, p), 7);
      });
      const snapshots = before.map(snapshotOf);
      assert.deepEqual(before.map(snapshotOf), snapshots, "a snapshot changes nothing");
      const after = reopen(create, q, snapshots);
      if (p === q) assert.deepEqual(after.map(snapshotOf), snapshots, "what was restored is what was saved");
      after.forEach((running, i) => {
        feed(running, schema, part(steps.slice(at), i, q), 5);
      });
      const sorted = (list: readonly PlainRow[]) => list.map((row) => JSON.stringify(row)).sort();
      const rows = [...before, ...after].flatMap((running) => running.rows);
      assert.deepEqual(sorted(rows), sorted(model(keys, gapMs, steps).fired));
    }),
    { numRuns: 150 },
  );
});

const row = (eventTimeMs: number): PlainRow => ({ eventTimeMs, values: [1, "a", 1] });
const counts = (steps: readonly Step[]) => {
  const running = open(creator(["id"], 10));
  feed(running, schema, [...steps, { watermarkMs: Number.POSITIVE_INFINITY }], 100);
  return {
    sessions: running.rows.map(({ values }) => [values[6], values[7], values[1]]),
    ...running.operator.counters!(),
  };
};

test("rows as far apart as the gap belong together, one more millisecond parts them", () => {
  assert.deepEqual(counts([row(0), row(10)]), { sessions: [[0, 20, 2]], lateRows: 0 });
  const parted = [
    [0, 10, 1],
    [11, 21, 1],
  ];
  assert.deepEqual(counts([row(0), row(11)]), { sessions: parted, lateRows: 0 });
});

test("a row behind the watermark still joins an open session that it reaches; without one it is late", () => {
  assert.deepEqual(counts([row(20), { watermarkMs: 25 }, row(10)]), { sessions: [[10, 30, 2]], lateRows: 0 });
  assert.deepEqual(counts([row(20), { watermarkMs: 25 }, row(9)]), { sessions: [[20, 30, 1]], lateRows: 1 });
  assert.deepEqual(counts([row(20), { watermarkMs: 29 }, row(20)]), { sessions: [[20, 30, 1]], lateRows: 1 });
});

test("sessions of more keys than an output batch leave whole, and their memory is used again", () => {
  const running = open(creator(["id"], 10));
  for (let round = 0; round < 3; round++) {
    const rows = Array.from({ length: 3000 }, (_, id) => ({ eventTimeMs: round * 100, values: [id, "", 1] }));
    feed(running, schema, [...rows, { watermarkMs: round * 100 + 9 }], 999);
    assert.equal(running.rows.length, (round + 1) * 3000);
  }
  assert.ok(snapshotOf(running).length < 500, "nothing of the sessions that have fired is left");
});

test("an impossible gap is refused", () => {
  assert.throws(() => sessionGapMs(sessions(0)), /gap of 0 ms/);
  assert.throws(() => sessionGapMs(sessions(1.5)), /gap of 1.5 ms/);
});
