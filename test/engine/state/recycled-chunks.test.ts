import assert from "node:assert/strict";
import { test } from "node:test";
import { CHUNK_BYTES, newChunk, recycleChunk } from "../../../engine/checkpoint/chunks.ts";
import type { PendingSnapshot } from "../../../engine/checkpoint/pending-snapshot.ts";
import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import { decodeSnapshotFile, SnapshotFrame } from "../../../engine/checkpoint/snapshot-file.ts";
import { NumberKeyTable } from "../../../engine/state/key-table.ts";

const RANGE = { first: 0, end: 4, total: 4 };
const WIDTH = 12;
const KEYS = 20_000;
const STEP_BYTES = 64 * 1024;

function tableOf(): NumberKeyTable {
  return new NumberKeyTable(RANGE, { width: WIDTH });
}

function put(table: NumberKeyTable, key: number, value: number): void {
  const entry = table.upsert(key);
  table.at.values.fill(value, entry * WIDTH, (entry + 1) * WIDTH);
}

/** A snapshot on its way to a store that takes what is written, copies it, and spoils the memory that it gives back. */
class Streamed {
  readonly #frame = new SnapshotFrame();
  readonly #file: Uint8Array[] = [this.#frame.header()];
  readonly #pending: PendingSnapshot;
  readonly expected: ReadonlyMap<number, number>;
  recycled = 0;

  constructor(table: NumberKeyTable, model: ReadonlyMap<number, number>) {
    const writer = new SnapshotWriter();
    writer.part((part) => table.snapshot(part));
    this.#pending = writer.pending();
    this.expected = new Map(model);
  }

  step(): boolean {
    const isComplete = this.#pending.advance(STEP_BYTES);
    for (const piece of this.#pending.take()) {
      this.#frame.add(piece);
      this.#file.push(piece.slice());
      new Uint8Array(piece.buffer).fill(0xee);
      if (piece.buffer.byteLength === CHUNK_BYTES) this.recycled++;
      recycleChunk(piece);
    }
    if (isComplete) this.#file.push(this.#frame.trailer(this.#pending.lateLengths));
    return isComplete;
  }

  restored(): NumberKeyTable {
    const payload = decodeSnapshotFile(Uint8Array.from(Buffer.concat(this.#file)), this.#frame.result);
    const table = tableOf();
    table.restore(new SnapshotReader(new SnapshotReader(payload).bytes()));
    return table;
  }
}

test("snapshots in memory that is used again hold the states at which they were taken, also two at a time under updates", () => {
  const table = tableOf();
  const model = new Map<number, number>();
  let random = 7;
  const update = (count: number) => {
    for (let i = 0; i < count; i++) {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      const key = random % KEYS;
      put(table, key, random);
      model.set(key, random);
    }
  };
  update(2 * KEYS);
  let recycled = 0;
  for (let round = 0; round < 3; round++) {
    const first = new Streamed(table, model);
    for (let step = 0; step < 5; step++) {
      update(300);
      first.step();
    }
    const second = new Streamed(table, model);
    for (const one of [first, second]) {
      for (let steps = 0; !one.step(); steps++) {
        assert.ok(steps < 1000, "it ends");
        update(300);
      }
      const restored = one.restored();
      assert.equal(restored.size, one.expected.size);
      for (const [key, value] of one.expected) {
        const entry = restored.find(key);
        const { values } = restored.at;
        for (let i = 0; i < WIDTH; i++) assert.equal(values[entry * WIDTH + i], value);
      }
      recycled += one.recycled;
    }
  }
  assert.ok(recycled > 20, `${recycled} full chunks`);
});

test("of chunks that come back a bounded number is kept, only full ones and each as a whole", () => {
  const full = newChunk(CHUNK_BYTES);
  recycleChunk(full.subarray(0, 100));
  const again = newChunk(CHUNK_BYTES);
  assert.equal(again.buffer, full.buffer);
  assert.equal(again.length, CHUNK_BYTES);
  const small = newChunk(1000);
  recycleChunk(small);
  recycleChunk(again.subarray(8)); // something else lies in front of it
  const next = [newChunk(CHUNK_BYTES), newChunk(1000)];
  assert.ok(next.every(({ buffer }) => buffer !== small.buffer && buffer !== full.buffer));
  const many = new Set(Array.from({ length: 100 }, () => newChunk(CHUNK_BYTES)));
  for (const chunk of many) recycleChunk(chunk);
  const kept = Array.from({ length: 100 }, () => newChunk(CHUNK_BYTES).buffer);
  const known = new Set([...many].map(({ buffer }) => buffer));
  assert.equal(kept.filter((buffer) => known.has(buffer)).length, 32);
});
