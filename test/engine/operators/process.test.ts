import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type KeyedProcess, KeyedProcessOperator } from "../../../engine/operators/keyed-process.ts";
import { ProcessOperator, type RowProcess } from "../../../engine/operators/process.ts";
import { KeyCodec } from "../../../engine/rows/key.ts";
import { instanceOfKeyGroup } from "../../../engine/rows/key-groups.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { END_OF_LIST } from "../../../engine/state/row-lists.ts";
import { batchOf, type PlainRow } from "../rows/rows.ts";
import { feed, KEY_GROUPS, open, reopen, type Step, snapshotOf } from "./run.ts";

const schema = new RowSchema([
  { name: "id", type: "i64" },
  { name: "name", type: "string" },
]);

/** Emits, 5 ms after a key's first row, how many rows it had and the name of the last; then forgets it. */
function lastName(keys: number): KeyedProcess {
  return {
    state: { width: 1, byteValues: true },
    onRow(row, context) {
      if (!context.exists) context.setTimer(row.eventTimeMs + 5);
      context.set(0, context.get(0) + 1);
      if (!row.isNull(1)) context.setBytes(row.bytes(1), row.start(1), row.length(1));
    },
    onTimer(timeMs, context, out) {
      out.addRow(timeMs);
      context.writeKey(out);
      out.setNumber(keys, context.get(0));
      out.setBytes(keys + 1, context.stateBytes, context.stateStart, context.stateLength);
      context.clear();
    },
  };
}

function creator(keys: readonly string[]): () => KeyedProcessOperator {
  const keyFields = keys.map((key) => schema.fields[schema.index(key)]!);
  const out = new RowSchema([...keyFields, { name: "count", type: "i64" }, { name: "last", type: "string" }]);
  return () => new KeyedProcessOperator(new KeyCodec(schema, keys), out, () => lastName(keys.length));
}

/** The same with objects: timers fire per watermark in the order (time, key group, key bytes). */
function model(keys: readonly string[], steps: readonly Step[]): PlainRow[] {
  const codec = new KeyCodec(schema, keys);
  const states = new Map<
    string,
    { time: number; order: number; bytes: Buffer; key: PlainRow["values"]; rows: PlainRow[] }
  >();
  const fired: PlainRow[] = [];
  for (const step of steps) {
    if (!("watermarkMs" in step)) {
      const batch = batchOf(schema, [step]);
      codec.encode(batch, 0);
      const bytes = Buffer.from(codec.bytes.slice(0, codec.length));
      const key = keys.map((name) => step.values[schema.index(name)]!);
      const order = codec.groupOf(batch, 0, KEY_GROUPS);
      const state = states.get(JSON.stringify(key)) ?? { time: step.eventTimeMs + 5, order, bytes, key, rows: [] };
      state.rows.push(step);
      states.set(JSON.stringify(key), state);
      continue;
    }
    const due = [...states].filter(([, state]) => state.time <= step.watermarkMs);
    due.sort(([, a], [, b]) => a.time - b.time || a.order - b.order || Buffer.compare(a.bytes, b.bytes));
    for (const [name, { time, key, rows }] of due) {
      states.delete(name);
      const last = rows.map((row) => row.values[1]).findLast((value) => value !== null) ?? "";
      fired.push({ eventTimeMs: time, kind: 0, values: [...key, rows.length, last] });
    }
  }
  return fired;
}

const anySteps = fc
  .array(
    fc.tuple(fc.integer({ min: -9, max: 99 }), fc.option(fc.nat(9)), fc.option(fc.string({ maxLength: 3 })), fc.nat(9)),
  )
  .map((list): Step[] => {
    let watermarkMs = -10;
    const steps = list.map(([eventTimeMs, id, name, kind]): Step => {
      if (kind > 0) return { eventTimeMs, values: [id, name] };
      watermarkMs += 12;
      return { watermarkMs };
    });
    return [...steps, { watermarkMs: Number.POSITIVE_INFINITY }];
  });

for (const keys of [["id"], ["name"], ["name", "id"]]) {
  test(`a process keyed by ${keys} keeps state and fires timers as a model does, in the same order`, () => {
    fc.assert(
      fc.property(anySteps, fc.integer({ min: 1, max: 20 }), (steps, batchRows) => {
        const running = open(creator(keys));
        feed(running, schema, steps, batchRows);
        assert.deepEqual(running.rows, model(keys, steps));
      }),
    );
  });

  test(`a process keyed by ${keys} goes on after a restore at another parallelism`, () => {
    const parallelism = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(anySteps, fc.nat(), parallelism, parallelism, (steps, cut, p, q) => {
        const codec = new KeyCodec(schema, keys);
        const at = cut % steps.length;
        const part = (list: readonly Step[], i: number, of: number) =>
          list.filter((step) => {
            if ("watermarkMs" in step) return true;
            return instanceOfKeyGroup(codec.groupOf(batchOf(schema, [step]), 0, KEY_GROUPS), of, KEY_GROUPS) === i;
          });
        const before = Array.from({ length: p }, (_, i) => open(creator(keys), i, p));
        before.forEach((running, i) => {
          feed(running, schema, part(steps.slice(0, at), i, p), 4);
        });
        const after = reopen(creator(keys), q, before.map(snapshotOf));
        after.forEach((running, i) => {
          feed(running, schema, part(steps.slice(at), i, q), 4);
        });
        const sorted = (list: readonly PlainRow[]) => list.map((row) => JSON.stringify(row)).sort();
        assert.deepEqual(sorted([...before, ...after].flatMap((running) => running.rows)), sorted(model(keys, steps)));
      }),
      { numRuns: 50 },
    );
  });
}

test("the bytes of a key's state are its own, also when they are the first thing asked for", () => {
  const echo: KeyedProcess = {
    state: { width: 0, byteValues: true },
    onRow(row, context, out) {
      if (context.key >= 100) context.setBytes(row.bytes(1), row.start(1), row.length(1));
      else {
        context.useNumber(context.key + 100);
        out.addRow(row.eventTimeMs);
        out.setBytes(1, context.stateBytes, context.stateStart, context.stateLength);
      }
    },
  };
  const running = open(() => new KeyedProcessOperator(new KeyCodec(schema, ["id"]), schema, () => echo));
  const ids = [0, 1, 2, 3, 4, 5, 6, 7];
  const rows = [
    ...ids.map((id): PlainRow => ({ eventTimeMs: id, values: [id + 100, `name ${id}`] })),
    ...ids.map((id): PlainRow => ({ eventTimeMs: id, values: [id, ""] })),
  ];
  feed(running, schema, rows, 4);
  assert.deepEqual(
    running.rows.map(({ values }) => values[1]),
    ids.map((id) => `name ${id}`),
  );
});

/** Counts rows, says how many at each watermark. */
function counter(): RowProcess {
  let rows = 0;
  return {
    onRow: () => {
      rows += 1;
    },
    onWatermark(timeMs, out) {
      out.addRow(timeMs);
      out.setNumber(0, rows);
    },
    snapshot: (writer) => writer.u32(rows),
    restore: (reader) => {
      rows += reader.u32();
    },
  };
}

test("state of instances moves whole, none lost or doubled, when the parallelism changes", () => {
  const create = () => new ProcessOperator(schema, counter);
  const row: PlainRow = { eventTimeMs: 1, values: [1, "x"] };
  for (const [p, q] of [
    [1, 1],
    [1, 3],
    [3, 1],
    [3, 2],
    [2, 4],
  ] as const) {
    const before = Array.from({ length: p }, (_, i) => open(create, i, p));
    before.forEach((running, i) => {
      feed(running, schema, new Array<PlainRow>(10 ** i).fill(row), 4);
    });
    const after = reopen(create, q, before.map(snapshotOf));
    for (const running of after) running.operator.advanceWatermark(7);
    const counts = after.flatMap((running) => running.rows.map((result) => Number(result.values[0])));
    assert.equal(
      counts.reduce((a, b) => a + b, 0),
      before.reduce((sum, _, i) => sum + 10 ** i, 0),
      `${p} to ${q}`,
    );
  }
});

/** Keeps the rows of a key until its timer, 5 ms after the first one; then gives them all and forgets the key. */
function gatherer(): KeyedProcess {
  return {
    state: { width: 0, lists: [schema, schema] },
    onRow(row, context) {
      if (!context.exists) context.setTimer(row.eventTimeMs + 5);
      context.appendRow(row.isNull(1) ? 0 : 1);
    },
    onTimer(timeMs, context, out) {
      for (const list of [1, 0]) {
        for (let at = context.firstRow(list); at !== END_OF_LIST; at = context.nextRow(list, at)) {
          const row = context.rowAt(list, at);
          out.addRow(timeMs);
          out.copy(0, row, 0);
          out.copy(1, row, 1);
        }
      }
      context.clear();
    },
  };
}

/** The same with arrays. */
function gathered(steps: readonly Step[]): PlainRow[] {
  const open = new Map<string, { time: number; rows: PlainRow[] }>();
  const fired: PlainRow[] = [];
  for (const step of steps) {
    if (!("watermarkMs" in step)) {
      const name = String(step.values[0]);
      const state = open.get(name) ?? { time: step.eventTimeMs + 5, rows: [] };
      state.rows.push(step);
      open.set(name, state);
      continue;
    }
    for (const [name, { time, rows }] of [...open]) {
      if (time > step.watermarkMs) continue;
      open.delete(name);
      const inOrder = [
        ...rows.filter((row) => row.values[1] !== null),
        ...rows.filter((row) => row.values[1] === null),
      ];
      fired.push(...inOrder.map(({ values }) => ({ eventTimeMs: time, kind: 0, values })));
    }
  }
  return fired;
}

test("lists of rows per key come back whole and in order, also after a restore at another parallelism, until they are cleared", () => {
  const parallelism = fc.integer({ min: 1, max: 4 });
  const create = () => new KeyedProcessOperator(new KeyCodec(schema, ["id"]), schema, gatherer);
  fc.assert(
    fc.property(anySteps, fc.nat(), parallelism, parallelism, (steps, cut, p, q) => {
      const codec = new KeyCodec(schema, ["id"]);
      const at = cut % steps.length;
      const part = (list: readonly Step[], i: number, of: number) =>
        list.filter((step) => {
          if ("watermarkMs" in step) return true;
          return instanceOfKeyGroup(codec.groupOf(batchOf(schema, [step]), 0, KEY_GROUPS), of, KEY_GROUPS) === i;
        });
      const before = Array.from({ length: p }, (_, i) => open(create, i, p));
      before.forEach((running, i) => {
        feed(running, schema, part(steps.slice(0, at), i, p), 4);
      });
      const snapshots = before.map(snapshotOf);
      const after = reopen(create, q, snapshots);
      if (p === q) assert.deepEqual(after.map(snapshotOf), snapshots);
      after.forEach((running, i) => {
        feed(running, schema, part(steps.slice(at), i, q), 4);
      });
      const byKey = (rows: readonly PlainRow[]) => Map.groupBy(rows, ({ values }) => values[0]);
      assert.deepEqual(byKey([...before, ...after].flatMap((running) => running.rows)), byKey(gathered(steps)));
    }),
    { numRuns: 150 },
  );
});
