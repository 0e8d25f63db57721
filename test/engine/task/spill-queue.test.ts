import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultlineError } from "../../../base/errors.ts";
import type { Element } from "../../../engine/task/element.ts";
import { decodeChunk, encodeChunk, spilledBytes } from "../../../engine/task/spill-chunk.ts";
import { type SpillBytes, SpillQueue } from "../../../engine/task/spill-queue.ts";
import { ManualScratch } from "./manual-scratch.ts";

const rows = (first: number, count: number, skip = 0): Element => {
  const payload = Uint8Array.from({ length: count + skip }, (_, index) => first - skip + index);
  return { kind: "records", first, count, skip, payload };
};
const heartbeat = (first: number, number: number): Element => {
  return { kind: "heartbeat", first, heartbeat: number, watermarkMs: 5, checkpointId: null };
};

/** Chunks of two elements of four rows. */
const CHUNK_BYTES = 2 * spilledBytes(rows(1, 4));

function openQueue(chunkBytes = CHUNK_BYTES) {
  const scratch = new ManualScratch();
  const bytes: SpillBytes = { written: 0, pending: 0, now: 0 };
  const given: number[] = [];
  const failures: FaultlineError[] = [];
  const queue = new SpillQueue({
    files: scratch,
    chunkBytes,
    bytes,
    give: (elements) => given.push(...elements.map(({ first }) => first)),
    onWritten: () => {},
    fail: (error) => failures.push(error),
  });
  /** Element `index` has the four numbers from 4 × index + 1 on. */
  const push = (...indexes: number[]) => {
    for (const index of indexes) queue.push(rows(4 * index + 1, 4), 0);
  };
  return { scratch, bytes, given, failures, queue, push };
}

describe("a chunk of elements in a file", () => {
  it("gives back what was put into it, without what was skipped", () => {
    const elements = [rows(7, 2, 3), heartbeat(9, 4), rows(10, 1), { kind: "end", first: 11 } as const];
    const bytes = encodeChunk(elements);
    assert.equal(
      bytes.length,
      elements.reduce((sum, element) => sum + spilledBytes(element), 0),
    );
    assert.deepEqual(decodeChunk(bytes, 7), elements);
    assert.deepEqual(decodeChunk(encodeChunk([rows(3, 2), rows(5, 2, 2)]), 3)[1], rows(5, 2, 2));
  });

  it("is refused when it is cut or is something else", () => {
    const bytes = encodeChunk([rows(1, 4)]);
    assert.throws(() => decodeChunk(bytes.subarray(0, -1), 1), { code: "cluster-protocol" });
    assert.throws(
      () =>
        decodeChunk(
          bytes.map((byte) => byte ^ 255),
          1,
        ),
      { code: "cluster-protocol" },
    );
  });
});

describe("the queue of a channel in files", () => {
  it("reads chunks back one by one as the ones before are processed, and removes its file with the last", () => {
    const { scratch, bytes, given, queue, push } = openQueue();
    push(1, 2, 3, 4, 5);
    assert.deepEqual([scratch.waiting, scratch.open, queue.empty], [2, 1, false]);
    while (scratch.step());
    assert.deepEqual(given, []);
    queue.onProcessed(3);
    assert.deepEqual([scratch.waiting, given.length], [0, 0]);
    queue.onProcessed(4);
    assert.ok(queue.starves);
    while (scratch.step());
    assert.deepEqual([given, queue.starves], [[5, 9], false]);
    queue.onProcessed(4);
    assert.equal(scratch.waiting, 0);
    queue.onProcessed(5);
    assert.ok(!queue.starves, "one chunk is still in memory");
    while (scratch.step());
    assert.deepEqual([given, scratch.open], [[5, 9, 13, 17], 0]);
    // The last one has never been handed to a file.
    assert.deepEqual([bytes.now, bytes.pending], [spilledBytes(rows(1, 4)), 0]);
    queue.onProcessed(13);
    assert.deepEqual([given.at(-1), queue.empty, scratch.made], [21, true, 1]);
    assert.deepEqual([bytes.now, bytes.pending, bytes.written], [0, 0, 2 * CHUNK_BYTES]);
  });

  it("takes back what is not written yet, and lets its file go", () => {
    const { scratch, bytes, given, queue, push } = openQueue();
    push(1, 2, 3);
    queue.onProcessed(5);
    assert.deepEqual([given, scratch.open, scratch.reads], [[5, 9, 13], 0, 0]);
    while (scratch.step());
    assert.deepEqual([bytes.now, bytes.pending, queue.empty], [0, 0, true]);
    // One that was taken back is not counted again when the disk has it.
    push(4, 5, 6, 7);
    queue.onProcessed(16);
    assert.deepEqual([given.slice(3), bytes.pending], [[17, 21], CHUNK_BYTES]);
    scratch.step();
    assert.deepEqual([bytes.now, bytes.pending], [CHUNK_BYTES, CHUNK_BYTES]);
    scratch.step();
    assert.deepEqual([bytes.now, bytes.pending], [CHUNK_BYTES, 0]);
  });

  it("counts the heartbeats that are put by, and forgets them", () => {
    const { scratch, queue, push } = openQueue();
    push(1);
    assert.equal(queue.heartbeat, 0);
    queue.push(heartbeat(9, 3), 0);
    assert.equal(queue.heartbeat, 3);
    queue.push({ kind: "end", first: 10 }, 0);
    assert.equal(queue.heartbeat, Number.POSITIVE_INFINITY);
    queue.onProcessed(5);
    while (scratch.step());
    assert.deepEqual([queue.empty, queue.heartbeat], [true, 0]);
  });

  it("fails, with what to do, when the disk does", () => {
    const full = openQueue();
    full.scratch.failure = new Error("no space left");
    full.push(1, 2);
    full.scratch.step();
    assert.equal(full.failures[0]?.code, "spill-failed");
    assert.match(full.failures[0]?.message ?? "", /no space left/);
    assert.match(full.failures[0]?.hint ?? "", /room/);
    const unreadable = openQueue();
    unreadable.push(1, 2);
    unreadable.scratch.step();
    unreadable.scratch.failure = new Error("bad sector");
    unreadable.queue.onProcessed(4);
    unreadable.scratch.step();
    assert.match(unreadable.failures[0]?.message ?? "", /read back: bad sector/);
  });

  it("removes its files when it is closed, whatever is under way, and says no more", () => {
    const { scratch, given, failures, queue, push } = openQueue();
    push(1, 2, 3, 4);
    scratch.step();
    queue.onProcessed(4);
    queue.close();
    scratch.failure = new Error("too late");
    while (scratch.step());
    assert.deepEqual([scratch.open, given, failures], [0, [], []]);
  });

  it("begins another file when one is large, and gives each one's space back as soon as it is read", () => {
    const megabytes = (first: number): Element => {
      return { kind: "records", first, count: 1, skip: 0, payload: new Uint8Array(8 * 1024 * 1024) };
    };
    const { scratch, queue } = openQueue(1024);
    // What is in them is of no interest.
    scratch.create = () => {
      scratch.open++;
      scratch.made++;
      return { append: () => {}, read: () => {}, remove: () => scratch.open-- };
    };
    for (let number = 1; number <= 20; number++) queue.push(megabytes(number), -1);
    assert.deepEqual([scratch.made, scratch.open], [3, 3]);
    for (let number = 0; number <= 9; number++) queue.onProcessed(number);
    assert.equal(scratch.open, 2);
  });
});
