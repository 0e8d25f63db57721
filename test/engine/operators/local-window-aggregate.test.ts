import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Aggregate, avg, count, max, min, sum } from "../../../engine/operators/aggregate/aggregate.ts";
import { BoundAggregates } from "../../../engine/operators/aggregate/bound-aggregates.ts";
import { LocalWindowAggregateOperator } from "../../../engine/operators/window/local-window-aggregate.ts";
import { PartialRows, partialSchema } from "../../../engine/operators/window/partial-rows.ts";
import { WindowAggregateOperator } from "../../../engine/operators/window/window-aggregate.ts";
import { windowSchema } from "../../../engine/operators/window/window-schema.ts";
import { tumbling, type WindowSpec, windowGeometry } from "../../../engine/operators/window/window-spec.ts";
import { KeyCodec } from "../../../engine/rows/key.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { batchOf, type PlainRow } from "../rows/rows.ts";
import { anyStepsOf, anyWindowSpec, WINDOW_STEPS } from "./any-steps.ts";
import { feed, open, type Running, reopen, type Step, snapshotOf } from "./run.ts";

const schema = new RowSchema([
  { name: "name", type: "string" },
  { name: "price", type: "i64" },
  { name: "id", type: "i64" },
]);
const aggregates: readonly Aggregate[] = [
  count("num"),
  sum("price"),
  min("price"),
  max("price"),
  avg("price"),
  sum("price", "dearSum", (row) => row.number(1) > 5),
  count("dear", (row) => row.number(1) > 5),
];
const { width } = new BoundAggregates(schema, aggregates);

const inOnePhase = (keys: readonly string[], spec: WindowSpec) => () => {
  const bound = new BoundAggregates(schema, aggregates);
  const out = windowSchema(schema, keys, aggregates);
  return new WindowAggregateOperator(new KeyCodec(schema, keys), windowGeometry(spec), bound, out, null);
};

const local = (keys: readonly string[], spec: WindowSpec) => () => {
  const partial = partialSchema(schema, keys, width);
  const bound = new BoundAggregates(schema, aggregates);
  return new LocalWindowAggregateOperator(new KeyCodec(schema, keys), windowGeometry(spec), bound, partial);
};

const global = (keys: readonly string[], spec: WindowSpec) => () => {
  const bound = new BoundAggregates(schema, aggregates);
  const codec = new KeyCodec(partialSchema(schema, keys, width), keys);
  const out = windowSchema(schema, keys, aggregates);
  return new WindowAggregateOperator(
    codec,
    windowGeometry(spec),
    bound,
    out,
    null,
    new PartialRows(bound, keys.length),
  );
};

/** Feeds rows through the first phase, in batches; what leaves it and the watermarks go to `second`. Returns how many rows crossed. */
function feedPhases(first: Running, second: Running, partial: RowSchema, steps: readonly Step[], batchRows: number) {
  let crossed = 0;
  const cross = (rows: readonly Step[]) => {
    feed(first, schema, rows, batchRows);
    crossed += first.rows.length;
    feed(second, partial, first.rows.splice(0), 7);
  };
  let rows: Step[] = [];
  for (const step of steps) {
    rows.push(step);
    if (!("watermarkMs" in step)) continue;
    cross(rows);
    second.operator.advanceWatermark(step.watermarkMs);
    rows = [];
  }
  cross(rows);
  return crossed;
}

const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 9 });

const anyRow: fc.Arbitrary<PlainRow> = fc.record(
  {
    eventTimeMs: fc.integer({ min: -40, max: 120 }),
    values: fc.tuple(
      nullable(fc.constantFrom("", "a", 'q"\\', "é")),
      nullable(fc.integer()),
      nullable(fc.oneof(fc.nat(4), fc.integer())),
    ),
  },
  { noNullPrototype: true },
);

const anySteps = anyStepsOf(anyRow, WINDOW_STEPS);
const anyKeys = fc.constantFrom(["id"], ["name"], ["name", "id"]);

test("two phases give the rows of one, in the same order, and count the same late rows, however the input is cut", () => {
  fc.assert(
    fc.property(anyKeys, anyWindowSpec, anySteps, fc.integer({ min: 1, max: 300 }), (keys, spec, steps, batchRows) => {
      const one = open(inOnePhase(keys, spec));
      feed(one, schema, steps, 50);
      const second = open(global(keys, spec));
      feedPhases(open(local(keys, spec)), second, partialSchema(schema, keys, width), steps, batchRows);
      assert.deepEqual(second.rows, one.rows);
      assert.deepEqual(second.operator.counters!(), one.operator.counters!());
    }),
    { numRuns: 200 },
  );
});

test("the second phase goes on from a snapshot of one phase, and one phase from the second's", () => {
  fc.assert(
    fc.property(anyKeys, anyWindowSpec, anySteps, fc.nat(), (keys, spec, steps, cut) => {
      const at = cut % steps.length;
      const partial = partialSchema(schema, keys, width);
      const whole = open(inOnePhase(keys, spec));
      feed(whole, schema, steps, 50);
      const one = open(inOnePhase(keys, spec));
      feed(one, schema, steps.slice(0, at), 50);
      const [second] = reopen(global(keys, spec), 1, [snapshotOf(one)]);
      feedPhases(open(local(keys, spec)), second!, partial, steps.slice(at), 20);
      assert.deepEqual([...one.rows, ...second!.rows], whole.rows);

      const two = open(global(keys, spec));
      feedPhases(open(local(keys, spec)), two, partial, steps.slice(0, at), 20);
      const [back] = reopen(inOnePhase(keys, spec), 1, [snapshotOf(two)]);
      feed(back!, schema, steps.slice(at), 50);
      assert.deepEqual([...two.rows, ...back!.rows], whole.rows);
    }),
    { numRuns: 100 },
  );
});

test("one row of a batch leaves for each pane and key, and nothing is kept for the next batch", () => {
  const row = (eventTimeMs: number, id: number): PlainRow => ({ eventTimeMs, values: ["", 1, id] });
  const { operator, rows } = open(local(["id"], tumbling(10)));
  operator.process(0, batchOf(schema, [row(1, 7), row(3, 7), row(12, 7), row(9, 8), row(4, 7)]));
  const brief = () => rows.splice(0).map(({ eventTimeMs, values }) => [eventTimeMs, values[0], values[1]]);
  assert.deepEqual(brief(), [
    [9, 7, 3],
    [9, 8, 1],
    [19, 7, 1],
  ]);
  operator.process(0, batchOf(schema, [row(2, 7)]));
  assert.deepEqual(brief(), [[9, 7, 1]]);
});

test("a batch whose rows are spread over many panes is handed on in parts, so that memory stays bounded", () => {
  const row = (eventTimeMs: number): PlainRow => ({ eventTimeMs, values: ["", 1, 7] });
  const { operator, rows } = open(local(["id"], tumbling(10)));
  operator.process(0, batchOf(schema, [0, 10, 20, 30, 5, 40, 6].map(row)));
  assert.deepEqual(
    rows.map(({ eventTimeMs, values }) => [eventTimeMs, values[1]]),
    [
      [9, 2],
      [19, 1],
      [29, 1],
      [39, 1],
      [49, 1],
      [9, 1],
    ],
  );
});
