import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Aggregate, avg, count, max, min, sum } from "../../../engine/operators/aggregate/aggregate.ts";
import { BoundAggregates } from "../../../engine/operators/aggregate/bound-aggregates.ts";
import { loopMark } from "../../../engine/operators/loop-marks.ts";
import {
  type HoldLimits,
  LocalWindowAggregateOperator,
} from "../../../engine/operators/window/local-window-aggregate.ts";
import { PartialRows, partialSchema } from "../../../engine/operators/window/partial-rows.ts";
import { WindowAggregateOperator } from "../../../engine/operators/window/window-aggregate.ts";
import { windowSchema } from "../../../engine/operators/window/window-schema.ts";
import { tumbling, type WindowSpec, windowGeometry } from "../../../engine/operators/window/window-spec.ts";
import { KeyCodec } from "../../../engine/rows/key.ts";
import { keyGroupOfNumber } from "../../../engine/rows/key-groups.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { batchOf, type PlainRow } from "../rows/rows.ts";
import { anyStepsOf, anyWindowSpec, WINDOW_STEPS } from "./any-steps.ts";
import { feed, KEY_GROUPS, open, type Running, reopen, type Step, snapshotOf } from "./run.ts";

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

/** So small that every limit is reached often. */
const LIMITS: HoldLimits = { panes: 2, keys: 3 };

const local =
  (keys: readonly string[], spec: WindowSpec, limits = LIMITS) =>
  () => {
    const partial = partialSchema(schema, keys, width);
    const bound = new BoundAggregates(schema, aggregates);
    return new LocalWindowAggregateOperator(new KeyCodec(schema, keys), windowGeometry(spec), bound, partial, limits);
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

interface Phases {
  first: Running;
  second: Running;
}

function openPhases(keys: readonly string[], spec: WindowSpec, limits = LIMITS): Phases {
  return { first: open(local(keys, spec, limits)), second: open(global(keys, spec)) };
}

/** Feeds rows to the first phase, in batches; what leaves it goes to the second, and so do watermarks. */
function feedPhases({ first, second }: Phases, keys: readonly string[], steps: readonly Step[], batchRows: number) {
  const partial = partialSchema(schema, keys, width);
  const cross = () => feed(second, partial, first.rows.splice(0), 7);
  let rows: Step[] = [];
  for (const step of steps) {
    rows.push(step);
    if (!("watermarkMs" in step)) continue;
    feed(first, schema, rows, batchRows);
    cross();
    second.operator.advanceWatermark(step.watermarkMs);
    rows = [];
  }
  feed(first, schema, rows, batchRows);
  cross();
}

/** What a barrier does. */
function handOn({ first, second }: Phases, keys: readonly string[]): void {
  first.operator.handOn!();
  feed(second, partialSchema(schema, keys, width), first.rows.splice(0), 7);
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

const anyBatchRows = fc.integer({ min: 1, max: 300 });
const anyLimits = fc.record({ panes: fc.integer({ min: 1, max: 4 }), keys: fc.integer({ min: 1, max: 8 }) });

test("two phases give the rows of one, in the same order, and count the same late rows, however the input is cut", () => {
  fc.assert(
    fc.property(anyKeys, anyWindowSpec, anySteps, anyBatchRows, anyLimits, (keys, spec, steps, batchRows, limits) => {
      const one = open(inOnePhase(keys, spec));
      feed(one, schema, steps, 50);
      const phases = openPhases(keys, spec, limits);
      feedPhases(phases, keys, steps, batchRows);
      assert.deepEqual(phases.second.rows, one.rows);
      assert.deepEqual(phases.second.operator.counters!(), one.operator.counters!());
    }),
    { numRuns: 300 },
  );
});

test("barriers anywhere lose nothing: what a first phase hands on before one is all that it holds", () => {
  const anyBarriers = fc.array(fc.nat(250), { maxLength: 6 });
  fc.assert(
    fc.property(
      anyKeys,
      anyWindowSpec,
      anySteps,
      anyBatchRows,
      anyBarriers,
      (keys, spec, steps, batchRows, barriers) => {
        const one = open(inOnePhase(keys, spec));
        feed(one, schema, steps, 50);
        const rows: PlainRow[] = [];
        let phases = openPhases(keys, spec);
        let lateRows = 0;
        let from = 0;
        for (const to of [...barriers.toSorted((a, b) => a - b), steps.length]) {
          feedPhases(phases, keys, steps.slice(from, to), batchRows);
          from = Math.max(from, Math.min(to, steps.length));
          handOn(phases, keys);
          rows.push(...phases.second.rows);
          lateRows += phases.second.operator.counters!().lateRows!;
          const [first, second] = [snapshotOf(phases.first), snapshotOf(phases.second)];
          phases = {
            first: reopen(local(keys, spec), 1, [first])[0]!,
            second: reopen(global(keys, spec), 1, [second])[0]!,
          };
        }
        assert.deepEqual(rows, one.rows);
        assert.equal(lateRows, one.operator.counters!().lateRows);
      },
    ),
    { numRuns: 200 },
  );
});

test("never more is held than the limits allow, nothing of it behind the watermark, and nothing after handOn", () => {
  fc.assert(
    fc.property(anyWindowSpec, anySteps, anyLimits, (spec, steps, limits) => {
      const { paneMs } = windowGeometry(spec);
      const first = open(local(["id"], spec, limits));
      /** Rows held, by pane and key. */
      const held = new Map<string, number>();
      const add = (eventTimeMs: number, id: unknown, rows: number) => {
        const name = `${Math.floor(eventTimeMs / paneMs)} ${id}`;
        held.set(name, (held.get(name) ?? 0) + rows);
        if (held.get(name) === 0) held.delete(name);
      };
      const settle = () => {
        for (const { eventTimeMs, values } of first.rows.splice(0)) add(eventTimeMs, values[0], -Number(values[1]));
      };
      let watermarkMs = Number.NEGATIVE_INFINITY;
      for (const step of steps.slice(0, -1)) {
        feed(first, schema, [step], 1);
        if ("watermarkMs" in step) watermarkMs = step.watermarkMs;
        else add(step.eventTimeMs, step.values[2], 1);
        settle();
        const panes = [...held.keys()].map((name) => Number(name.split(" ")[0]));
        assert.ok(new Set(panes).size <= limits.panes);
        assert.ok(held.size <= limits.panes * limits.keys);
        assert.ok(panes.every((pane) => (pane + 1) * paneMs - 1 > watermarkMs));
      }
      first.operator.handOn!();
      settle();
      assert.equal(held.size, 0);
    }),
    { numRuns: 200 },
  );
});

test("the second phase goes on from a snapshot of one phase, and one phase from the second's", () => {
  fc.assert(
    fc.property(anyKeys, anyWindowSpec, anySteps, fc.nat(), (keys, spec, steps, cut) => {
      const at = cut % steps.length;
      const whole = open(inOnePhase(keys, spec));
      feed(whole, schema, steps, 50);
      const one = open(inOnePhase(keys, spec));
      feed(one, schema, steps.slice(0, at), 50);
      const [second] = reopen(global(keys, spec), 1, [snapshotOf(one)]);
      feedPhases({ first: open(local(keys, spec)), second: second! }, keys, steps.slice(at), 20);
      assert.deepEqual([...one.rows, ...second!.rows], whole.rows);

      const two = openPhases(keys, spec);
      feedPhases(two, keys, steps.slice(0, at), 20);
      handOn(two, keys);
      const [back] = reopen(inOnePhase(keys, spec), 1, [snapshotOf(two.second)]);
      feed(back!, schema, steps.slice(at), 50);
      assert.deepEqual([...two.second.rows, ...back!.rows], whole.rows);
    }),
    { numRuns: 100 },
  );
});

const row = (eventTimeMs: number, id = 7): PlainRow => ({ eventTimeMs, values: ["", 1, id] });

/** An opened first phase of windows of 10 ms by id; `leaving` does something and says what left: event time, key, rows. */
function running(limits: HoldLimits) {
  const { operator, rows } = open(local(["id"], tumbling(10), limits));
  const leaving = (work: () => void) => {
    work();
    return rows.splice(0).map(({ eventTimeMs, values }) => [eventTimeMs, values[0], values[1]]);
  };
  const process = (...batch: readonly PlainRow[]) => leaving(() => operator.process(0, batchOf(schema, batch)));
  return { operator, process, leaving };
}

test("rows are added up over batches until the watermark completes their pane; what comes behind it does not wait", () => {
  const { operator, process, leaving } = running({ panes: 4, keys: 100 });
  assert.deepEqual(process(row(1), row(3), row(12)), []);
  assert.deepEqual(process(row(4), row(9, 8), row(13)), []);
  assert.deepEqual(
    leaving(() => operator.advanceWatermark(8)),
    [],
  );
  const complete = leaving(() => operator.advanceWatermark(9));
  assert.deepEqual(
    complete.toSorted(([, a], [, b]) => Number(a) - Number(b)),
    [
      [9, 7, 3],
      [9, 8, 1],
    ],
  );
  assert.deepEqual(process(row(14), row(2)), [[9, 7, 1]]);
  assert.deepEqual(
    leaving(() => operator.handOn!()),
    [[19, 7, 3]],
  );
});

test("the pane that has had no row for longest makes room for another one, and one of many keys leaves", () => {
  const { process } = running({ panes: 2, keys: 3 });
  assert.deepEqual(process(row(0), row(10), row(1)), []);
  assert.deepEqual(process(row(20)), [[19, 7, 1]]);
  assert.deepEqual(process(row(2), row(3, 8)), []);
  assert.equal(process(row(4, 9)).length, 3);
  assert.deepEqual(process(row(5), row(21)), []);
});

test("the mark of a loop's round leaves nothing behind it", () => {
  const { operator, process, leaving } = running({ panes: 4, keys: 100 });
  assert.deepEqual(process(row(1)), []);
  assert.deepEqual(
    leaving(() => operator.advanceWatermark(loopMark(1, true))),
    [[9, 7, 1]],
  );
});

test("rows leave by key group", () => {
  const { operator, process, leaving } = running({ panes: 1, keys: 1000 });
  process(...Array.from({ length: 200 }, (_, id) => row(1, id)));
  const groups = leaving(() => operator.handOn!()).map(([, id]) => keyGroupOfNumber(id as number, KEY_GROUPS));
  assert.equal(groups.length, 200);
  assert.deepEqual(
    groups,
    groups.toSorted((a, b) => a - b),
  );
});

test("after a restore nothing waits before the first watermark: it may be behind the one that was reached", () => {
  const before = open(local(["id"], tumbling(10)));
  before.operator.advanceWatermark(30);
  const [after] = reopen(local(["id"], tumbling(10)), 1, [snapshotOf(before)]);
  const { operator, rows } = after!;
  const process = (...batch: readonly PlainRow[]) => {
    operator.process(0, batchOf(schema, batch));
    return rows.splice(0).map(({ eventTimeMs }) => eventTimeMs);
  };
  assert.deepEqual(process(row(2), row(35)), [9, 39]);
  operator.advanceWatermark(31);
  assert.deepEqual(process(row(3), row(36)), [9]);
});

test("a snapshot of rows that are held is refused", () => {
  const { operator, process } = running({ panes: 1, keys: 10 });
  process(row(1));
  assert.throws(() => snapshotOf({ operator, rows: [] }), /no snapshot has/);
});
