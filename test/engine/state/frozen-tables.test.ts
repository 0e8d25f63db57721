import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type PendingSnapshot, SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import type { ColumnBatch } from "../../../engine/rows/batch.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { BytesKeyTable, NumberKeyTable } from "../../../engine/state/key-table.ts";
import { END_OF_LIST, RowLists, VALUES_PER_LIST } from "../../../engine/state/row-lists.ts";
import type { Segment } from "../../../engine/state/segment.ts";
import { batchOf, rowsOf } from "../rows/rows.ts";

const GROUPS = { first: 0, end: 3, total: 3 };
const LISTS = 2;
const SCHEMA = new RowSchema([{ name: "n", type: "i64" }]);
const encoder = new TextEncoder();

/** A key's state: a number, a text, and lists of numbers. */
interface State {
  readonly value: number;
  readonly text: string;
  readonly lists: readonly (readonly number[])[];
}

type Model = Map<number, State>;
const EMPTY: State = { value: 0, text: "", lists: [[], []] };

function rowOf(n: number): ColumnBatch {
  return batchOf(SCHEMA, [{ eventTimeMs: 0, values: [n] }], 0);
}

/** A table with values, byte values and row lists, by number, and its model. */
class Tested {
  readonly table: NumberKeyTable | BytesKeyTable;
  readonly lists: RowLists;
  readonly model: Model = new Map();

  constructor(kind: "number" | "bytes") {
    const options = { width: 1 + LISTS * VALUES_PER_LIST, savedWidth: 1, byteValues: true };
    this.table = kind === "number" ? new NumberKeyTable(GROUPS, options) : new BytesKeyTable(GROUPS, options);
    this.lists = new RowLists(this.table, [SCHEMA, SCHEMA], 1);
  }

  #call(name: "upsert" | "find", key: number): number {
    if (this.table instanceof NumberKeyTable) return this.table[name](key);
    const bytes = encoder.encode(`k${key}`);
    return this.table[name](bytes, 0, bytes.length);
  }

  put(key: number, value: number, text: string): void {
    const entry = this.#call("upsert", key);
    const segment: Segment = this.table.at;
    segment.values[entry * segment.width] = value;
    const bytes = encoder.encode(text);
    segment.byteValues!.set(entry, bytes, 0, bytes.length, segment.count);
    this.model.set(key, { ...(this.model.get(key) ?? EMPTY), value, text });
  }

  append(key: number, list: number, n: number): void {
    const entry = this.#call("upsert", key);
    this.lists.append(this.table.at, entry, list, rowOf(n), 0);
    const known = this.model.get(key) ?? EMPTY;
    this.model.set(key, { ...known, lists: known.lists.map((rows, i) => (i === list ? [...rows, n] : rows)) });
  }

  clearList(key: number, list: number): void {
    const entry = this.#call("find", key);
    if (entry < 0) return;
    this.lists.clear(this.table.at, entry, list);
    const known = this.model.get(key)!;
    this.model.set(key, { ...known, lists: known.lists.map((rows, i) => (i === list ? [] : rows)) });
  }

  remove(key: number): void {
    const entry = this.#call("find", key);
    if (entry < 0) return;
    this.lists.clearEntry(this.table.at, entry);
    this.table.at.remove(entry);
    this.model.delete(key);
  }

  clear(): void {
    this.table.clear();
    this.lists.clearAll();
    this.model.clear();
  }

  freeze(): PendingSnapshot {
    const writer = new SnapshotWriter();
    this.table.snapshot(writer);
    return writer.pending();
  }

  /** The state of keys 0 … `keys` − 1, as the table has it. */
  content(keys: number): Model {
    const content: Model = new Map();
    for (let key = 0; key < keys; key++) {
      const entry = this.#call("find", key);
      if (entry < 0) continue;
      const segment: Segment = this.table.at;
      const { bytes, offsets, lengths } = segment.byteValues!;
      const text = Buffer.from(bytes.slice(offsets[entry]!, offsets[entry]! + lengths[entry]!)).toString();
      const lists = [0, 1].map((list) => this.#rows(segment, entry, list));
      content.set(key, { value: segment.values[entry * segment.width]!, text, lists });
    }
    return content;
  }

  #rows(segment: Segment, entry: number, list: number): number[] {
    const rows: number[] = [];
    for (let at = this.lists.first(segment, entry, list); at !== END_OF_LIST; at = this.lists.next(list, at)) {
      rows.push(Number(rowsOf(this.lists.rowAt(list, at))[0]!.values[0]));
    }
    return rows;
  }
}

function restored(kind: "number" | "bytes", pending: PendingSnapshot): Tested {
  const tested = new Tested(kind);
  tested.table.restore(new SnapshotReader(Buffer.concat(pending.chunks())));
  return tested;
}

function byKey(model: ReadonlyMap<number, State>): [number, State][] {
  return [...model].sort(([a], [b]) => a - b);
}

const KEYS = 1700;
const keys = fc.oneof(fc.nat(20), fc.nat(KEYS - 1));
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("put"), key: keys, n: fc.nat(999) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("append"), key: keys, n: fc.nat(999) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("clearList"), key: keys, n: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("remove"), key: keys, n: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("fill"), key: keys, n: fc.nat(300) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear"), key: keys, n: fc.constant(0) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("freeze"), key: keys, n: fc.constant(0) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("advance"), key: keys, n: fc.nat(3000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("release"), key: keys, n: fc.constant(0) }) },
);

/** Does a step that changes state. */
function change(tested: Tested, kind: string, key: number, n: number): void {
  if (kind === "put") tested.put(key, n, "x".repeat(n % 70));
  else if (kind === "append") tested.append(key, n & 1, n);
  else if (kind === "clearList") tested.clearList(key, n);
  else if (kind === "remove") tested.remove(key);
  else if (kind === "clear") tested.clear();
  else if (kind === "fill") for (let i = 0; i < n; i++) tested.put((key + i) % KEYS, i, "fill");
}

for (const kind of ["number", "bytes"] as const) {
  test(`a snapshot of a ${kind} table is its state at the freeze, whatever happens while it is written`, () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120, size: "max" }),
        fc.constantFrom(0, 0, 700, 1537, 1560), // just over: indexes are on the move
        (steps, filled) => {
          const tested = new Tested(kind);
          for (let key = 0; key < filled; key++) tested.put(key, key, "filled");
          let open: { pending: PendingSnapshot; expected: Model }[] = [];
          const finishFirst = (budgetBytes: number) => {
            const first = open[0];
            if (first === undefined || !first.pending.advance(budgetBytes)) return;
            open.shift();
            assert.deepEqual(byKey(restored(kind, first.pending).content(KEYS)), byKey(first.expected));
          };
          for (const { kind: what, key, n } of steps) {
            if (what === "freeze") open.push({ pending: tested.freeze(), expected: new Map(tested.model) });
            else if (what === "advance") finishFirst(n);
            else if (what === "release") open.pop()?.pending.release();
            else change(tested, what, key, n);
          }
          assert.deepEqual(byKey(tested.content(KEYS)), byKey(tested.model), "the table itself");
          while (open.length > 0) finishFirst(500);
          open = [];
          assert.deepEqual(
            [0, 1, 2].map((group) => tested.table.segment(group)?.frozen ?? null),
            [null, null, null],
          );
        },
      ),
      { numRuns: 60 },
    );
  });
}

test("a change while a snapshot is written costs one entry, however long its list of rows", () => {
  const tested = new Tested("number");
  for (let n = 0; n < 2000; n++) tested.append(1, 0, n);
  const pending = tested.freeze();
  tested.append(1, 0, 2000); // has its entry saved, not its rows
  let steps = 0;
  for (; !pending.advance(1000); steps++) tested.append(1, 0, 2001 + steps);
  assert.ok(steps > 20, `${steps} steps`);
  const { lists } = restored("number", pending).content(2).get(1)!;
  assert.deepEqual(
    lists[0],
    Array.from({ length: 2000 }, (_, n) => n),
  );
});
