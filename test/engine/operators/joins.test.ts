import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { JoinOperator } from "../../../engine/operators/join/join.ts";
import { joinOutput } from "../../../engine/operators/join/join-output.ts";
import { WindowJoinOperator, type WindowJoinType } from "../../../engine/operators/join/window-join.ts";
import { RowKeys } from "../../../engine/operators/keyed-rows.ts";
import { instanceOfKeyGroup } from "../../../engine/rows/key-groups.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { batchOf, type PlainRow } from "../rows/rows.ts";
import { anyStepsOf } from "./any-steps.ts";
import { KEY_GROUPS, open, reopen, snapshotOf } from "./run.ts";
import { feedTwo, type Step2 } from "./two-inputs.ts";

const persons = new RowSchema([
  { name: "id", type: "i64" },
  { name: "name", type: "string" },
]);
const auctions = new RowSchema([
  { name: "item", type: "string" },
  { name: "seller", type: "i64" },
  { name: "owner", type: "string" },
]);
const schemas = [persons, auctions] as const;

/** Keyed by number, or by text: names of the fields of both sides. */
const KEYS = [
  [["id"], ["seller"]],
  [["name"], ["owner"]],
  [
    ["name", "id"],
    ["owner", "seller"],
  ],
] as const;
type Keys = (typeof KEYS)[number];

const select = { left: ["name"], right: ["item", ["seller", "by"] as const] };
const bounds = [
  { name: "window_start", type: "timestamp" },
  { name: "window_end", type: "timestamp" },
] as const;

const sides = ([left, right]: Keys) =>
  [
    { schema: persons, keys: new RowKeys(persons, left) },
    { schema: auctions, keys: new RowKeys(auctions, right) },
  ] as const;

function joinOf(keys: Keys, selective: boolean): () => JoinOperator {
  const joined = joinOutput(persons, auctions, select);
  return () =>
    new JoinOperator(...sides(keys), joined, selective ? (left, right) => left.text(1) !== right.text(0) : null);
}

function windowJoinOf(keys: Keys, type: WindowJoinType, sizeMs: number): () => WindowJoinOperator {
  const joined = joinOutput(persons, auctions, type === "semi" ? { left: ["name"] } : select, bounds);
  return () => {
    const [left, right] = sides(keys);
    return new WindowJoinOperator({ left, right, type, sizeMs, joined });
  };
}

const text = fc.option(fc.constantFrom("a", "b", "", "longer than the others"), { freq: 5 });
const id = fc.option(fc.nat(4), { freq: 9 });
const timeMs = fc.integer({ min: -20, max: 60 });
const anyRow: fc.Arbitrary<Step2> = fc.oneof(
  fc.tuple(timeMs, id, text).map(([eventTimeMs, ...values]) => ({ input: 0 as const, row: { eventTimeMs, values } })),
  fc
    .tuple(timeMs, text, id, text)
    .map(([eventTimeMs, ...values]) => ({ input: 1 as const, row: { eventTimeMs, values } })),
);
/** Rows of both inputs, watermarks that grow between them, +infinity at the end. */
const anySteps = anyStepsOf(anyRow, { mostRiseMs: 15, rowsPerWatermark: 9, maxLength: 120, beforeMs: -30 });

const indexesOf = (keys: Keys, input: 0 | 1) => keys[input].map((name) => schemas[input].index(name));
/** The key's values, or null where one is NULL. */
function keyOf(keys: Keys, input: 0 | 1, row: PlainRow): string | null {
  const values = indexesOf(keys, input).map((index) => row.values[index]);
  return values.includes(null) ? null : JSON.stringify(values);
}

interface Arrived {
  readonly input: 0 | 1;
  readonly row: PlainRow;
  readonly key: string;
}

/** Every pair with equal keys, when the later one comes, in the order of the earlier ones. */
function joinModel(keys: Keys, selective: boolean, steps: readonly Step2[]): PlainRow[] {
  const seen: Arrived[] = [];
  const rows: PlainRow[] = [];
  for (const step of steps) {
    if ("watermarkMs" in step) continue;
    const key = keyOf(keys, step.input, step.row);
    if (key === null) continue;
    for (const other of seen) {
      if (other.input === step.input || other.key !== key) continue;
      const [left, right] = step.input === 0 ? [step.row, other.row] : [other.row, step.row];
      if (selective && left.values[1] === right.values[0]) continue;
      const eventTimeMs = Math.max(left.eventTimeMs, right.eventTimeMs);
      rows.push({ eventTimeMs, kind: 0, values: [left.values[1]!, right.values[0]!, right.values[1]!] });
    }
    seen.push({ ...step, key });
  }
  return rows;
}

/** Pairs of each window, windows by their ends; within a window in no particular order of keys. */
function windowModel(keys: Keys, type: WindowJoinType, sizeMs: number, steps: readonly Step2[]) {
  const startOf = (row: PlainRow) => Math.floor(row.eventTimeMs / sizeMs) * sizeMs;
  const kept: Arrived[] = [];
  let watermarkMs = Number.NEGATIVE_INFINITY;
  let [lateRows, nullKeys] = [0, 0];
  for (const step of steps) {
    if ("watermarkMs" in step) {
      watermarkMs = step.watermarkMs;
      continue;
    }
    const key = keyOf(keys, step.input, step.row);
    if (startOf(step.row) + sizeMs - 1 <= watermarkMs) lateRows += 1;
    else if (key === null) nullKeys += 1;
    else kept.push({ ...step, key });
  }
  const rows = kept.flatMap((left): PlainRow[] => {
    if (left.input !== 0) return [];
    const start = startOf(left.row);
    const matches = kept.filter((one) => one.input === 1 && one.key === left.key && startOf(one.row) === start);
    const tail = [start, start + sizeMs];
    const rowOf = (values: PlainRow["values"]) => ({
      eventTimeMs: start + sizeMs - 1,
      kind: 0,
      values: [left.row.values[1]!, ...values, ...tail],
    });
    if (type === "semi") return matches.length === 0 ? [] : [rowOf([])];
    return matches.map(({ row }) => rowOf([row.values[0]!, row.values[1]!]));
  });
  return { rows, counters: { lateRows, nullKeys } };
}

const sorted = (rows: readonly PlainRow[]) => rows.map((row) => JSON.stringify(row)).sort();
const anyKeys = fc.constantFrom(...KEYS);
const anyType = fc.constantFrom("inner" as const, "semi" as const);

test("a join gives every pair with equal keys, whichever came first, in the order of arrival, in any batches", () => {
  fc.assert(
    fc.property(
      anyKeys,
      fc.boolean(),
      anySteps,
      fc.integer({ min: 1, max: 50 }),
      (keys, selective, steps, batchRows) => {
        const running = open(joinOf(keys, selective));
        feedTwo(running, schemas, steps, batchRows);
        assert.deepEqual(running.rows, joinModel(keys, selective, steps));
        const nulls = steps.filter((step) => "row" in step && keyOf(keys, step.input, step.row) === null);
        assert.deepEqual(running.operator.counters!(), { nullKeys: nulls.length });
      },
    ),
    { numRuns: 200 },
  );
});

test("a window join gives the pairs of each window when it is complete, and counts what comes later", () => {
  const size = fc.integer({ min: 1, max: 25 });
  fc.assert(
    fc.property(
      anyKeys,
      anyType,
      size,
      anySteps,
      fc.integer({ min: 1, max: 50 }),
      (keys, type, sizeMs, steps, batchRows) => {
        const running = open(windowJoinOf(keys, type, sizeMs));
        feedTwo(running, schemas, steps, batchRows);
        const model = windowModel(keys, type, sizeMs, steps);
        assert.deepEqual(sorted(running.rows), sorted(model.rows));
        assert.deepEqual(running.operator.counters!(), model.counters);
        const times = running.rows.map((row) => row.eventTimeMs);
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
          "windows leave by their ends",
        );
      },
    ),
    { numRuns: 200 },
  );
});

test("rows of a window leave exactly when the watermark reaches its end − 1", () => {
  const running = open(windowJoinOf(KEYS[0], "inner", 10));
  const steps: Step2[] = [
    { input: 0, row: { eventTimeMs: 10, values: [1, "p"] } },
    { input: 1, row: { eventTimeMs: 19, values: ["i", 1, ""] } },
    { watermarkMs: 18 },
  ];
  feedTwo(running, schemas, steps, 1);
  assert.equal(running.rows.length, 0);
  running.operator.advanceWatermark(19);
  assert.deepEqual(running.rows, [{ eventTimeMs: 19, kind: 0, values: ["p", "i", 1, 10, 20] }]);
});

function restoredEqualsUninterrupted(
  create: () => JoinOperator | WindowJoinOperator,
  keys: Keys,
  steps: readonly Step2[],
  cut: number,
  p: number,
  q: number,
): void {
  const at = cut % steps.length;
  const part = (list: readonly Step2[], instance: number, of: number) =>
    list.filter((step) => {
      if ("watermarkMs" in step) return true;
      const { codec } = new RowKeys(schemas[step.input], keys[step.input]);
      const group = codec.groupOf(batchOf(schemas[step.input], [step.row]), 0, KEY_GROUPS);
      return instanceOfKeyGroup(group, of, KEY_GROUPS) === instance;
    });
  const before = Array.from({ length: p }, (_, i) => open(create, i, p));
  before.forEach((running, i) => {
    feedTwo(running, schemas, part(steps.slice(0, at), i, p), 4);
  });
  const snapshots = before.map(snapshotOf);
  assert.deepEqual(before.map(snapshotOf), snapshots, "a snapshot changes nothing");
  const after = reopen(create, q, snapshots);
  if (p === q) assert.deepEqual(after.map(snapshotOf), snapshots, "what was restored is what was saved");
  after.forEach((running, i) => {
    feedTwo(running, schemas, part(steps.slice(at), i, q), 4);
  });
  const whole = open(create);
  feedTwo(whole, schemas, steps, 4);
  assert.deepEqual(sorted([...before, ...after].flatMap(({ rows }) => rows)), sorted(whole.rows));
}

const parallelism = fc.integer({ min: 1, max: 4 });

test("a join restored at another parallelism gives what an uninterrupted one gives", () => {
  fc.assert(
    fc.property(anyKeys, anySteps, fc.nat(), parallelism, parallelism, (keys, steps, cut, p, q) => {
      restoredEqualsUninterrupted(joinOf(keys, false), keys, steps, cut, p, q);
    }),
  );
});

test("a window join restored at another parallelism gives what an uninterrupted one gives", () => {
  fc.assert(
    fc.property(anyKeys, anyType, anySteps, fc.nat(), parallelism, parallelism, (keys, type, steps, cut, p, q) => {
      restoredEqualsUninterrupted(windowJoinOf(keys, type, 10), keys, steps, cut, p, q);
    }),
  );
});
