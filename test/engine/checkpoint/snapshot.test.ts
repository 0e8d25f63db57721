import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type DeferredPart, SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import { decodeSnapshotFile, SnapshotFrame } from "../../../engine/checkpoint/snapshot-file.ts";

/** A value, or a part with values of its own; deferred ones are written later. */
type Item =
  | { readonly kind: "u8" | "u32" | "f64"; readonly value: number }
  | { readonly kind: "bytes"; readonly value: Uint8Array }
  | { readonly kind: "part"; readonly items: readonly Item[] }
  | { readonly kind: "deferred"; readonly items: readonly Item[] };

const { items } = fc.letrec<{ item: Item; items: Item[] }>((tie) => ({
  item: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ kind: fc.constant("u8" as const), value: fc.nat(255) }),
    fc.record({ kind: fc.constant("u32" as const), value: fc.nat() }),
    fc.record({ kind: fc.constant("f64" as const), value: fc.double({ noNaN: true }) }),
    fc.record({
      kind: fc.constant("bytes" as const),
      value: fc.oneof(fc.nat(60), fc.constantFrom(1023, 1024, 5000, 300_000)).map((length) => patterned(length)),
    }),
    fc.record({ kind: fc.constant("part" as const), items: tie("items") }),
    fc.record({ kind: fc.constant("deferred" as const), items: tie("items") }),
  ),
  items: fc.array(tie("item"), { maxLength: 6 }),
}));

function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255);
}

/** Writes one item a call, so that a budget of one byte means one item. */
class Deferred implements DeferredPart {
  readonly #items: readonly Item[];
  releases = 0;
  calls = 0;
  #next = 0;

  constructor(list: readonly Item[]) {
    this.#items = list;
  }

  write(writer: SnapshotWriter, budgetBytes: number): boolean {
    assert.ok(budgetBytes > 0);
    this.calls += 1;
    const limit = writer.byteLength + budgetBytes;
    while (this.#next < this.#items.length) {
      if (writer.byteLength >= limit) return false;
      write(writer, this.#items[this.#next]!, null);
      this.#next += 1;
    }
    return true;
  }

  release(): void {
    this.releases += 1;
  }
}

/** `defers`: takes the deferred parts; null: they are written at once, as parts of the same content. */
function write(writer: SnapshotWriter, item: Item, defers: Deferred[] | null): void {
  if (item.kind === "bytes") writer.bytes(item.value);
  else if (item.kind === "part") {
    writer.part((part) => {
      for (const inner of item.items) write(part, inner, defers);
    });
  } else if (item.kind === "deferred") {
    if (defers === null) for (const inner of item.items) write(writer, inner, null);
    else {
      const part = new Deferred(item.items);
      defers.push(part);
      writer.defer(part);
    }
  } else writer[item.kind](item.value);
}

function read(reader: SnapshotReader, list: readonly Item[]): void {
  for (const item of list) {
    if (item.kind === "bytes") assert.deepEqual(reader.bytes(), item.value);
    else if (item.kind === "part") {
      const part = new SnapshotReader(reader.bytes());
      read(part, item.items);
      assert.equal(part.remaining, 0);
    } else if (item.kind === "deferred") read(reader, item.items);
    else assert.equal(reader[item.kind](), item.value);
  }
}

test("what is written at once, in parts and in deferred parts is read as one sequence, whatever the budget of a step", () => {
  fc.assert(
    fc.property(items, fc.constantFrom(1, 100, 10_000, Number.POSITIVE_INFINITY), (list, budgetBytes) => {
      const defers: Deferred[] = [];
      const writer = new SnapshotWriter();
      for (const item of list) write(writer, item, defers);
      const pending = writer.pending();
      for (let steps = 0; !pending.advance(budgetBytes); steps++) assert.ok(steps < 10_000, "it ends");
      const whole = Uint8Array.from(Buffer.concat(pending.chunks()));
      assert.equal(pending.byteLength, whole.length);
      const reader = new SnapshotReader(whole);
      read(reader, list);
      assert.equal(reader.remaining, 0);
      for (const { releases } of defers) assert.equal(releases, 1);

      const together = new SnapshotWriter();
      for (const item of list) write(together, item, []);
      assert.deepEqual(Uint8Array.from(together.finish()), whole, "finish() gives the same bytes");
    }),
    { numRuns: 200 },
  );
});

test("what is taken away while it is written makes the same snapshot, its late lengths filled in on reading", () => {
  fc.assert(
    fc.property(items, fc.constantFrom(1, 100, 10_000), (list, budgetBytes) => {
      const [whole, streamed] = [new SnapshotWriter(), new SnapshotWriter()];
      for (const item of list) write(whole, item, []);
      for (const item of list) write(streamed, item, []);
      const frame = new SnapshotFrame();
      const file = [frame.header()];
      const pending = streamed.pending();
      const take = () => {
        for (const piece of pending.take()) {
          frame.add(piece);
          file.push(piece.slice());
          piece.fill(255); // whoever took it may do with it what he likes
        }
      };
      for (let steps = 0; !pending.advance(budgetBytes); steps++) {
        assert.ok(steps < 10_000, "it ends");
        take();
      }
      take();
      file.push(frame.trailer(pending.lateLengths));
      const bytes = Uint8Array.from(Buffer.concat(file));
      assert.equal(bytes.length, frame.result.bytes);
      const payload = decodeSnapshotFile(bytes, frame.result);
      assert.deepEqual(Uint8Array.from(payload), Uint8Array.from(whole.finish()));
      const reader = new SnapshotReader(payload);
      read(reader, list);
      assert.equal(reader.remaining, 0);
      if (payload.length > 0) assert.throws(() => pending.chunks(), /taken/);
    }),
    { numRuns: 200 },
  );
});

test("a step writes about its budget, and the next one goes on", () => {
  const writer = new SnapshotWriter();
  const part = new Deferred(Array.from({ length: 100 }, () => ({ kind: "f64" as const, value: 1 })));
  writer.defer(part);
  const pending = writer.pending();
  for (let step = 1; step <= 9; step++) assert.equal(pending.advance(80), false, `step ${step}`);
  assert.equal(pending.advance(81), true);
  assert.equal(part.calls, 10);
  assert.equal(pending.byteLength, 800);
});

test("a snapshot that is given up lets go of what it has not written, once, and cannot be had", () => {
  const writer = new SnapshotWriter();
  const parts = [1, 2, 3].map(() => new Deferred([{ kind: "f64", value: 1 }]));
  writer.defer(parts[0]!);
  writer.part((inner) => inner.defer(parts[1]!));
  writer.defer(parts[2]!);
  const pending = writer.pending();
  pending.advance(1);
  assert.deepEqual(
    parts.map(({ releases }) => releases),
    [1, 0, 0],
  );
  pending.release();
  pending.release();
  assert.deepEqual(
    parts.map(({ releases }) => releases),
    [1, 1, 1],
  );
  assert.throws(() => pending.chunks(), /complete/);
  assert.throws(() => pending.advance(1), /given up/);
});

/** What it has written, without taking that away. */
function wholeOf(writer: SnapshotWriter): readonly Uint8Array[] {
  const pending = writer.pending();
  pending.advance(0);
  return pending.chunks();
}

test("a writer copies nothing that it has written: chunks stay small, large parts are taken over", () => {
  const part = new SnapshotWriter();
  for (let i = 0; i < 200_000; i++) part.f64(i);
  const chunks = new Set(wholeOf(part));
  const writer = new SnapshotWriter();
  writer.u8(1);
  writer.append(part);
  const whole = wholeOf(writer);
  assert.ok([...chunks].every((chunk) => whole.includes(chunk)));
  assert.ok(whole.every(({ length }) => length <= 256 * 1024));
});

test("reading past the end is a corrupt snapshot", () => {
  assert.throws(() => new SnapshotReader(new Uint8Array(3)).u32(), { code: "snapshot-corrupt" });
});
