import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type PendingSnapshot, SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import { count, countDistinct, resultFields, sum } from "../../../engine/operators/aggregate/aggregate.ts";
import { BoundAggregates } from "../../../engine/operators/aggregate/bound-aggregates.ts";
import { OverOperator } from "../../../engine/operators/aggregate/over.ts";
import { RunningAggregateOperator } from "../../../engine/operators/aggregate/running-aggregate.ts";
import { JoinOperator, type JoinSide } from "../../../engine/operators/join/join.ts";
import { joinOutput } from "../../../engine/operators/join/join-output.ts";
import { WindowJoinOperator } from "../../../engine/operators/join/window-join.ts";
import { KeyedProcessOperator } from "../../../engine/operators/keyed-process.ts";
import { RowKeys } from "../../../engine/operators/keyed-rows.ts";
import type { Operator } from "../../../engine/operators/operator.ts";
import { TopNOperator } from "../../../engine/operators/top-n.ts";
import { SessionAggregateOperator } from "../../../engine/operators/window/session-aggregate.ts";
import { WindowAggregateOperator } from "../../../engine/operators/window/window-aggregate.ts";
import { windowSchema } from "../../../engine/operators/window/window-schema.ts";
import { KeyCodec } from "../../../engine/rows/key.ts";
import { type Field, RowSchema } from "../../../engine/rows/schema.ts";
import { END_OF_LIST } from "../../../engine/state/row-lists.ts";
import { batchOf, type PlainRow } from "../rows/rows.ts";
import { open, type Running } from "./run.ts";

type Step = { readonly input: number; readonly row: PlainRow } | { readonly watermarkMs: number };

const schema = new RowSchema([
  { name: "id", type: "i64" },
  { name: "name", type: "string" },
  { name: "price", type: "i64" },
]);
const ID = ["id"];
const NAME = ["name"];
const WINDOW: readonly Field[] = [
  { name: "window_start", type: "timestamp" },
  { name: "window_end", type: "timestamp" },
];

function fieldsAnd(...names: string[]): RowSchema {
  return new RowSchema([...schema.fields, ...names.map((name) => ({ name, type: "i64" }) as const)]);
}

/** Counts a key's rows, keeps the newest ones, and gives them all again when a timer is due. */
function remembering(keys: readonly string[]): Operator {
  const state = { width: 1, byteValues: true, lists: [schema] };
  return new KeyedProcessOperator(new KeyCodec(schema, keys), fieldsAnd("seen", "length"), () => ({
    state,
    onRow(row, context) {
      const seen = context.get(0) + 1;
      if (seen % 7 === 0) context.clearRows(0);
      context.appendRow(0);
      context.set(0, seen);
      const grown = new Uint8Array(context.stateLength + 3);
      context.setBytes(grown, 0, grown.length);
      context.setTimer(row.eventTimeMs + 10);
      if (row.number(2) === 3) context.cancelTimer(row.eventTimeMs + 9);
    },
    onTimer(timeMs, context, out) {
      for (let at = context.firstRow(0); at !== END_OF_LIST; at = context.nextRow(0, at)) {
        out.addRow(timeMs);
        for (let field = 0; field < 3; field++) out.copy(field, context.rowAt(0, at), field);
        out.setNumber(3, context.get(0));
        out.setNumber(4, context.stateLength);
      }
      if (timeMs % 2 === 0) context.clear();
    },
  }));
}

function windows(keys: readonly string[]): Operator {
  const aggregates = [count("n"), sum("price"), countDistinct("price")];
  const bound = new BoundAggregates(schema, aggregates);
  const geometry = { sizeMs: 30, slideMs: 10, paneMs: 10 };
  return new WindowAggregateOperator(
    new KeyCodec(schema, keys),
    geometry,
    bound,
    windowSchema(schema, keys, aggregates),
    null,
  );
}

function sessions(keys: readonly string[]): Operator {
  const aggregates = [count("n"), sum("price")];
  const bound = new BoundAggregates(schema, aggregates);
  return new SessionAggregateOperator(
    new KeyCodec(schema, keys),
    5,
    bound,
    windowSchema(schema, keys, aggregates),
    null,
  );
}

function running(keys: readonly string[]): Operator {
  const aggregates = [count("n"), countDistinct("price")];
  const fields = keys.map((key) => schema.fields[schema.index(key)]!);
  const output = new RowSchema([...fields, ...resultFields(schema, aggregates)]);
  return new RunningAggregateOperator(new KeyCodec(schema, keys), new BoundAggregates(schema, aggregates), output);
}

function over(keys: readonly string[]): Operator {
  const aggregates = new BoundAggregates(schema, [count("n"), sum("price")]);
  const codec = new KeyCodec(schema, keys);
  return new OverOperator({
    input: schema,
    output: fieldsAnd("n", "sum_price"),
    codec,
    aggregates,
    preceding: 2,
    late: null,
  });
}

function topN(keys: readonly string[]): Operator {
  const order = [{ index: 2, descending: true }];
  return new TopNOperator({
    input: schema,
    output: fieldsAnd("rank"),
    keys: new RowKeys(schema, keys),
    order,
    limit: 3,
  });
}

const joined = (more: readonly Field[]) =>
  joinOutput(schema, schema, { left: ["id", "price"], right: ["name", ["price", "other"]] }, more);
const side = (keys: readonly string[]): JoinSide => ({ schema, keys: new RowKeys(schema, keys) });

const operators: Readonly<Record<string, (keys: readonly string[]) => Operator>> = {
  "keyed process with values, bytes, lists and timers": remembering,
  "window aggregate with distinct counts": windows,
  "session aggregate": sessions,
  "running aggregate with distinct counts": running,
  "OVER aggregate": over,
  "top n": topN,
  join: (keys) => new JoinOperator(side(keys), side(keys), joined([]), null),
  "window join": (keys) =>
    new WindowJoinOperator({ left: side(keys), right: side(keys), type: "inner", sizeMs: 20, joined: joined(WINDOW) }),
};

function apply({ operator }: Running, step: Step): void {
  if ("watermarkMs" in step) operator.advanceWatermark(step.watermarkMs);
  else operator.process(step.input, batchOf(schema, [step.row]));
}

function frozen({ operator }: Running): PendingSnapshot {
  const writer = new SnapshotWriter();
  operator.snapshot(writer);
  return writer.pending();
}

/** What an operator that goes on from a snapshot gives. */
function rest(create: () => Operator, pending: PendingSnapshot, steps: readonly Step[]): PlainRow[] {
  while (!pending.advance(1_000));
  const restored = open(create);
  restored.operator.restore([new SnapshotReader(Buffer.concat(pending.chunks()))]);
  for (const step of steps) apply(restored, step);
  return restored.rows;
}

const anyRow = fc
  .tuple(fc.integer({ min: -10, max: 25 }), fc.nat(12), fc.constantFrom("a", "b", "c", "d", "e"), fc.nat(9), fc.nat(1))
  .map(([lead, id, name, price, input]) => ({ lead, values: [id, name, price], input }));
/** Rows around a watermark that advances. */
const anySteps = fc
  .array(fc.oneof({ weight: 6, arbitrary: anyRow }, { weight: 1, arbitrary: fc.nat(12) }), {
    maxLength: 150,
    size: "max",
  })
  .map((list): Step[] => {
    let watermarkMs = 0;
    const steps = list.map((step): Step => {
      if (typeof step !== "number") {
        return { input: step.input, row: { eventTimeMs: watermarkMs + step.lead, values: step.values } };
      }
      watermarkMs += step;
      return { watermarkMs };
    });
    return [...steps, { watermarkMs: Number.POSITIVE_INFINITY }];
  });

for (const [name, create] of Object.entries(operators)) {
  test(`${name}: a snapshot that is written while rows come holds the state at which it was taken`, () => {
    fc.assert(
      fc.property(fc.constantFrom(ID, NAME), anySteps, fc.nat(), fc.nat(200), (keys, steps, cut, budgetBytes) => {
        const fresh = () => create(keys);
        const at = cut % steps.length;
        const inputs = name.includes("join") ? 2 : 1;
        const usable = steps.map((step) => ("input" in step ? { ...step, input: step.input % inputs } : step));
        const going = open(fresh);
        for (const step of usable.slice(0, at)) apply(going, step);
        const before = going.rows.length;
        const pending = frozen(going);
        for (const step of usable.slice(at)) {
          apply(going, step);
          pending.advance(budgetBytes);
        }
        assert.deepEqual(rest(fresh, pending, usable.slice(at)), going.rows.slice(before));
      }),
      { numRuns: 60 },
    );
  });
}
