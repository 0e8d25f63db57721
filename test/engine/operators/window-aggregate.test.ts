import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Aggregate,
  avg,
  count,
  countDistinct,
  max,
  min,
  sum,
} from "../../../engine/operators/aggregate/aggregate.ts";
import { BoundAggregates } from "../../../engine/operators/aggregate/bound-aggregates.ts";
import { WindowAggregateOperator } from "../../../engine/operators/window/window-aggregate.ts";
import { windowSchema } from "../../../engine/operators/window/window-schema.ts";
import { hopping, tumbling, type WindowSpec, windowGeometry } from "../../../engine/operators/window/window-spec.ts";
import { KeyCodec } from "../../../engine/rows/key.ts";
import { instanceOfKeyGroup } from "../../../engine/rows/key-groups.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { batchOf, type PlainRow, type Value } from "../rows/rows.ts";
import { anyStepsOf, anyWindowSpec, WINDOW_STEPS } from "./any-steps.ts";
import { feed, KEY_GROUPS, open, reopen, type Step, snapshotOf } from "./run.ts";

const schema = new RowSchema([
  { name: "id", type: "i64" },
  { name: "name", type: "string" },
  { name: "price", type: "i64" },
]);
const aggregates: readonly Aggregate[] = [
  count("num"),
  sum("price"),
  min("price"),
  max("price"),
  avg("price"),
  countDistinct("name"),
  count("dear", (row) => row.number(2) > 5),
  countDistinct("name", "dearNames", (row) => row.number(2) > 5),
  countDistinct("price"),
];

function creator(keys: readonly string[], spec: WindowSpec): () => WindowAggregateOperator {
  const out = windowSchema(schema, keys, aggregates);
  const bound = new BoundAggregates(schema, aggregates);
  return () => new WindowAggregateOperator(new KeyCodec(schema, keys), windowGeometry(spec), bound, out, null);
}

interface Result {
  readonly end: number;
  readonly group: number;
  readonly key: Buffer;
  readonly row: PlainRow;
}

/** The same computed naively: every row into a list per (window, key), windows fired one by one. */
function model(keys: readonly string[], { sizeMs, slideMs }: WindowSpec, steps: readonly Step[]) {
  const codec = new KeyCodec(schema, keys);
  const windows = new Map<string, { start: number; rows: PlainRow[] }>();
  let watermarkMs = Number.NEGATIVE_INFINITY;
  let lateRows = 0;
  const fired: PlainRow[] = [];
  for (const step of steps) {
    if (!("watermarkMs" in step)) {
      let late = true;
      const last = Math.floor(step.eventTimeMs / slideMs) * slideMs;
      for (let start = last; start > step.eventTimeMs - sizeMs; start -= slideMs) {
        if (start + sizeMs - 1 <= watermarkMs) continue;
        late = false;
        const name = JSON.stringify([start, keys.map((key) => step.values[schema.index(key)])]);
        const window = windows.get(name) ?? { start, rows: [] };
        window.rows.push(step);
        windows.set(name, window);
      }
      if (late) lateRows += 1;
      continue;
    }
    watermarkMs = step.watermarkMs;
    const due: Result[] = [];
    for (const [name, { start, rows }] of windows) {
      if (start + sizeMs - 1 > watermarkMs) continue;
      windows.delete(name);
      due.push(result(codec, keys, start, start + sizeMs, rows));
    }
    due.sort((a, b) => a.end - b.end || a.group - b.group || Buffer.compare(a.key, b.key));
    fired.push(...due.map(({ row }) => row));
  }
  return { fired, lateRows };
}

function result(
  codec: KeyCodec,
  keys: readonly string[],
  start: number,
  end: number,
  rows: readonly PlainRow[],
): Result {
  const batch = batchOf(schema, rows);
  const group = codec.groupOf(batch, 0, KEY_GROUPS);
  codec.encode(batch, 0);
  const prices = rows.map((row) => row.values[2]).filter((price): price is number => typeof price === "number");
  const ofPrices = (value: number): Value => (prices.length === 0 ? null : value);
  const keyValues = keys.map((key) => rows[0]!.values[schema.index(key)]!);
  const total = prices.reduce((a, b) => a + b, 0);
  const values = [
    rows.length,
    ofPrices(total),
    ofPrices(Math.min(...prices)),
    ofPrices(Math.max(...prices)),
    ofPrices(Math.trunc(total / prices.length) + 0),
    different(rows.map((row) => row.values[1]!)),
    rows.filter(isDear).length,
    different(rows.filter(isDear).map((row) => row.values[1]!)),
    different(prices),
    start,
    end,
  ];
  const row = { eventTimeMs: end - 1, kind: 0, values: [...keyValues, ...values] };
  return { end, group, key: Buffer.from(codec.bytes.slice(0, codec.length)), row };
}

const isDear = (row: PlainRow) => typeof row.values[2] === "number" && row.values[2] > 5;
const different = (values: readonly Value[]) => new Set(values.filter((value) => value !== null)).size;

const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 9 });

const anyRow: fc.Arbitrary<PlainRow> = fc.record(
  {
    eventTimeMs: fc.integer({ min: -40, max: 120 }),
    values: fc.tuple(
      nullable(fc.oneof(fc.nat(4), fc.nat(60), fc.integer())),
      nullable(fc.constantFrom("", "a", "b", 'q"\\', "é")),
      nullable(fc.integer()),
    ),
  },
  { noNullPrototype: true },
);

const anySteps = anyStepsOf(anyRow, WINDOW_STEPS);
const anyKeys = fc.constantFrom(["id"], ["name"], ["name", "id"]);

test("windows hold what a naive model says, in the same order, however the input is cut into batches", () => {
  fc.assert(
    fc.property(anyKeys, anyWindowSpec, anySteps, fc.integer({ min: 1, max: 1000 }), (keys, spec, steps, batchRows) => {
      const expected = model(keys, spec, steps);
      const running = open(creator(keys, spec));
      feed(running, schema, steps, batchRows);
      assert.deepEqual(running.rows, expected.fired);
      assert.deepEqual(running.operator.counters!(), { lateRows: expected.lateRows });
    }),
    { numRuns: 200 },
  );
});

test("windows restored at another parallelism give what an uninterrupted run gives", () => {
  const parallelism = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(
      anyKeys,
      anyWindowSpec,
      anySteps,
      fc.nat(),
      parallelism,
      parallelism,
      (keys, spec, steps, cut, p, q) => {
        const create = creator(keys, spec);
        const at = cut % steps.length;
        const codec = new KeyCodec(schema, keys);
        const part = (list: readonly Step[], instance: number, of: number) =>
          list.filter((step) => {
            if ("watermarkMs" in step) return true;
            return (
              instanceOfKeyGroup(codec.groupOf(batchOf(schema, [step]), 0, KEY_GROUPS), of, KEY_GROUPS) === instance
            );
          });
        const before = Array.from({ length: p }, (_, i) => open(create, i, p));
        before.forEach((running, i) => {
          feed(running, schema, part(steps.slice(0, at), i, p), 7);
        });
        const after = reopen(create, q, before.map(snapshotOf));
        after.forEach((running, i) => {
          feed(running, schema, part(steps.slice(at), i, q), 5);
        });
        const rows = [...before, ...after].flatMap((running) => running.rows);
        const sorted = (list: readonly PlainRow[]) => list.map((row) => JSON.stringify(row)).sort();
        assert.deepEqual(sorted(rows), sorted(model(keys, spec, steps).fired));
      },
    ),
    { numRuns: 100 },
  );
});

test("windows that had fired stay fired through two restores, though one instance was behind", () => {
  const create = creator(["id"], tumbling(10));
  const rows = Array.from({ length: 40 }, (_, id): PlainRow => ({ eventTimeMs: 5, values: [id, "", 1] }));
  const codec = new KeyCodec(schema, ["id"]);
  const owner = (row: PlainRow) =>
    instanceOfKeyGroup(codec.groupOf(batchOf(schema, [row]), 0, KEY_GROUPS), 2, KEY_GROUPS);
  const ahead = open(create, 0, 2);
  const behind = open(create, 1, 2);
  feed(ahead, schema, [...rows.filter((row) => owner(row) === 0), { watermarkMs: 25 }], 9);
  feed(behind, schema, [...rows.filter((row) => owner(row) === 1), { watermarkMs: 3 }], 9);
  const [once] = reopen(create, 1, [ahead, behind].map(snapshotOf));
  const late = rows.find((row) => owner(row) === 0)!;
  const [twice] = reopen(create, 1, [snapshotOf(once!)]);
  feed(twice!, schema, [late, { watermarkMs: 30 }], 9);
  const ids = [ahead, twice!].flatMap((running) => running.rows.map(({ values }) => values[0]));
  assert.deepEqual(ids.toSorted(), rows.map(({ values }) => values[0]).toSorted());
});

test("a snapshot changes nothing", () => {
  fc.assert(
    fc.property(anyKeys, anyWindowSpec, anySteps, (keys, spec, steps) => {
      const running = open(creator(keys, spec));
      const half = steps.length >> 1;
      feed(running, schema, steps.slice(0, half), 9);
      assert.deepEqual(snapshotOf(running), snapshotOf(running));
      feed(running, schema, steps.slice(half), 9);
      assert.deepEqual(running.rows, model(keys, spec, steps).fired);
    }),
    { numRuns: 30 },
  );
});

test("a window with more rows than an output batch leaves whole", () => {
  const steps: Step[] = Array.from({ length: 5000 }, (_, id) => ({ eventTimeMs: 1, values: [id, "", 1] }));
  const running = open(creator(["id"], tumbling(10)));
  feed(running, schema, [...steps, { watermarkMs: 9 }], 999);
  assert.equal(new Set(running.rows.map((row) => row.values[0])).size, 5000);
});

test("impossible windows and aggregates are refused", () => {
  assert.throws(() => windowGeometry(hopping(10, 20)), /every 20 ms/);
  assert.throws(() => windowGeometry(tumbling(0)), /0 ms/);
  assert.throws(() => windowSchema(schema, ["id"], [sum("name")]), /string/);
  assert.throws(() => windowSchema(schema, ["id"], [sum("cost")]), /cost/);
});
