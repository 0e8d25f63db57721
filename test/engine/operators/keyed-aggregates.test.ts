import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { avg, count, countDistinct, resultFields, sum } from "../../../engine/operators/aggregate/aggregate.ts";
import { BoundAggregates } from "../../../engine/operators/aggregate/bound-aggregates.ts";
import { addExactly, addParts, truncatedQuotient } from "../../../engine/operators/aggregate/exact-sum.ts";
import { OverOperator } from "../../../engine/operators/aggregate/over.ts";
import { RunningAggregateOperator } from "../../../engine/operators/aggregate/running-aggregate.ts";
import type { Operator } from "../../../engine/operators/operator.ts";
import { KeyCodec } from "../../../engine/rows/key.ts";
import { instanceOfKeyGroup } from "../../../engine/rows/key-groups.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { batchOf, type PlainRow } from "../rows/rows.ts";
import { feed, KEY_GROUPS, open, reopen, type Step, snapshotOf } from "./run.ts";

const safe = fc.maxSafeInteger();

test("sums and means of integers are exact beyond 2^53", () => {
  const property = fc.property(fc.array(safe, { minLength: 1 }), fc.array(safe), (left, right) => {
    const values = new Float64Array(4);
    for (const value of left) addExactly(values, 0, value);
    for (const value of right) addExactly(values, 2, value);
    addParts(values, 0, values[2]!, values[3]!);
    const total = [...left, ...right].reduce((sum, value) => sum + BigInt(value), 0n);
    assert.equal(BigInt(values[0]!) * 4294967296n + BigInt(values[1]!), total);
    const rows = left.length + right.length;
    assert.equal(truncatedQuotient(values[0]!, values[1]!, rows), Number(total / BigInt(rows)));
  });
  fc.assert(property);
});

test("a mean is exact for large counts", () => {
  const property = fc.property(safe, fc.integer({ min: 1, max: 2 ** 31 }), (value, rows) => {
    const total = BigInt(value) * BigInt(rows) + (value < 0 ? -1n : 1n) * BigInt(rows - 1);
    const low = BigInt.asUintN(32, total);
    const quotient = truncatedQuotient(Number((total - low) / 4294967296n), Number(low), rows);
    assert.equal(BigInt(quotient), total / BigInt(rows));
  });
  fc.assert(property, { numRuns: 300 });
});

const schema = new RowSchema([
  { name: "id", type: "i64" },
  { name: "name", type: "string" },
  { name: "price", type: "i64" },
]);

test("a sum beyond 2^53 fails the job by its name", () => {
  const aggregates = [sum("price", "total")];
  const out = new RowSchema([schema.fields[0]!, ...resultFields(schema, aggregates)]);
  const bound = new BoundAggregates(schema, aggregates);
  const running = open(() => new RunningAggregateOperator(new KeyCodec(schema, ["id"]), bound, out));
  const row = { eventTimeMs: 0, values: [1, null, Number.MAX_SAFE_INTEGER] };
  feed(running, schema, [row], 1);
  assert.throws(() => feed(running, schema, [row], 1), { code: "job-failed", message: /"total".*beyond/ });
});

const AGGREGATES = [count("n"), avg("price"), countDistinct("name")];
const OVER = [count("n"), sum("price")];

function running(keys: readonly string[]): () => Operator {
  const fields = keys.map((key) => schema.fields[schema.index(key)]!);
  const out = new RowSchema([...fields, ...resultFields(schema, AGGREGATES)]);
  return () => new RunningAggregateOperator(new KeyCodec(schema, keys), new BoundAggregates(schema, AGGREGATES), out);
}

function over(keys: readonly string[]): () => Operator {
  const output = new RowSchema([...schema.fields, ...resultFields(schema, OVER)]);
  return () => {
    const aggregates = new BoundAggregates(schema, OVER);
    return new OverOperator({
      input: schema,
      output,
      codec: new KeyCodec(schema, keys),
      aggregates,
      preceding: 2,
      late: null,
    });
  };
}

const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary);

const anyRow: fc.Arbitrary<PlainRow> = fc.record(
  {
    eventTimeMs: fc.nat(60),
    values: fc.tuple(
      nullable(fc.nat(6)),
      nullable(fc.constantFrom("", "a", "b", "é")),
      nullable(fc.integer({ min: -50, max: 50 })),
    ),
  },
  { noNullPrototype: true },
);

/** The steps of instance `instance` of `parallelism`. */
function part(keys: readonly string[], steps: readonly Step[], instance: number, parallelism: number): Step[] {
  const codec = new KeyCodec(schema, keys);
  return steps.filter((step) => {
    if ("watermarkMs" in step) return true;
    const group = codec.groupOf(batchOf(schema, [step]), 0, KEY_GROUPS);
    return instanceOfKeyGroup(group, parallelism, KEY_GROUPS) === instance;
  });
}

const texts = (rows: readonly PlainRow[]) => rows.map((row) => JSON.stringify(row)).sort();

for (const [name, make] of [
  ["aggregates per key", running],
  ["aggregates over the last rows", over],
] as const) {
  test(`${name}: a restored and rescaled run goes on as if nothing had been`, () => {
    const property = fc.property(
      fc.constantFrom(["id"], ["name"], ["name", "id"]),
      fc.array(anyRow, { maxLength: 80 }),
      fc.array(anyRow, { maxLength: 80 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      (keys, before, after, p, q) => {
        const first: Step[] = [...before, { watermarkMs: 20 }];
        const second: Step[] = [...after, { watermarkMs: 40 }, { watermarkMs: Number.POSITIVE_INFINITY }];
        const whole = open(make(keys));
        feed(whole, schema, [...first, ...second], 7);
        const parts = Array.from({ length: p }, (_, i) => open(make(keys), i, p));
        for (const [i, instance] of parts.entries()) feed(instance, schema, part(keys, first, i, p), 5);
        const rest = reopen(make(keys), q, parts.map(snapshotOf));
        for (const [i, instance] of rest.entries()) feed(instance, schema, part(keys, second, i, q), 3);
        assert.deepEqual(texts([...parts, ...rest].flatMap(({ rows }) => rows)), texts(whole.rows));
      },
    );
    fc.assert(property, { numRuns: 60 });
  });
}

test("over the last rows: late rows are counted, equal times keep their order", () => {
  const instance = open(over(["id"]));
  const row = (eventTimeMs: number, price: number) => ({ eventTimeMs, values: [1, null, price] });
  feed(
    instance,
    schema,
    [row(5, 1), row(3, 2), row(5, 4), row(9, 8), { watermarkMs: 5 }, row(5, 16), row(6, 32), { watermarkMs: 9 }],
    2,
  );
  assert.deepEqual(
    instance.rows.map(({ eventTimeMs, values }) => [eventTimeMs, values[2], values[3], values[4]]),
    [
      [3, 2, 1, 2],
      [5, 1, 2, 3],
      [5, 4, 3, 7],
      [6, 32, 3, 37],
      [9, 8, 3, 44],
    ],
  );
  assert.deepEqual(instance.operator.counters?.(), { lateRows: 1 });
});
