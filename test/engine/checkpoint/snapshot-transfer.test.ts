import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultlineError } from "../../../base/errors.ts";
import type { LateLength } from "../../../engine/checkpoint/length-prefix.ts";
import { LocalCopies } from "../../../engine/checkpoint/local-copies.ts";
import { type DownloadedSnapshot, downloadSnapshot } from "../../../engine/checkpoint/snapshot-download.ts";
import { decodeSnapshotFile } from "../../../engine/checkpoint/snapshot-file.ts";
import { SnapshotUpload, type StoredSnapshot } from "../../../engine/checkpoint/snapshot-upload.ts";
import { collectedFile } from "../../../engine/simulation/collected-file.ts";
import { FakeWorld, HandLocalStore, type HandStore } from "./fake-world.ts";

const KIBIBYTE = 1024;

/** A snapshot of `bytes` bytes that is written step by step, and lets what was written be taken; its first four bytes come late. */
class SlowSnapshot {
  readonly steps: number[] = [];
  readonly content: Uint8Array;
  released = 0;
  fails = false;
  #written = 0;
  #taken = 0;

  constructor(bytes: number) {
    this.content = Uint8Array.from({ length: bytes }, (_, index) => (index * 7) & 255);
  }

  get lateLengths(): readonly LateLength[] {
    if (this.content.length < 4) return [];
    return [{ at: 0, length: new DataView(this.content.buffer).getUint32(0, true) }];
  }

  advance(budgetBytes: number): boolean {
    if (this.fails) throw new Error("broken state");
    this.steps.push(budgetBytes);
    this.#written = Math.min(this.content.length, this.#written + budgetBytes);
    return this.#written === this.content.length;
  }

  take(): readonly Uint8Array[] {
    const from = this.#taken;
    this.#taken = this.#written;
    const middle = (from + this.#written) >> 1;
    const pieces = [this.content.slice(from, middle), new Uint8Array(0), this.content.slice(middle, this.#written)];
    if (from === 0) pieces[0]!.fill(0, 0, 4);
    return pieces;
  }

  release(): void {
    this.released++;
  }
}

function worldWithCopies() {
  const world = new FakeWorld();
  return Object.assign(world, { localStore: new HandLocalStore(world.store) });
}

function upload(pending: SlowSnapshot, world = worldWithCopies()) {
  const done: { error: FaultlineError | null; stored: StoredSnapshot | null }[] = [];
  const upload = new SnapshotUpload({
    world,
    pending,
    vertex: "map",
    subtask: 3,
    folder: "j/chk-1",
    done: (error, stored) => done.push({ error, stored }),
  });
  upload.start();
  return { world, done, upload };
}

describe("a task's snapshot on its way to the store", () => {
  it("is written in steps of 512 KiB, each in a turn of its own", () => {
    const pending = new SlowSnapshot(1000 * KIBIBYTE);
    const { world, done } = upload(pending);
    assert.equal(pending.steps.length, 0, "nothing happens inside start");
    assert.equal(world.runTurns(), 2);
    assert.deepEqual(pending.steps, [512 * KIBIBYTE, 512 * KIBIBYTE]);
    assert.equal(done.length, 0);
    world.pass(123);
    world.store.finishAll();
    const { handle, asyncUs } = done[0]!.stored!;
    const file = world.store.files.get("j/chk-1/map-3")!;
    assert.deepEqual([handle.vertex, handle.subtask, handle.file, handle.bytes], ["map", 3, "map-3", file.length]);
    assert.equal(asyncUs, 123);
    assert.deepEqual(decodeSnapshotFile(file, handle), pending.content);
  });

  it("waits while the store has not taken two megabytes, and goes on when it has", () => {
    const taken: (() => void)[] = [];
    const world = worldWithCopies();
    world.store.create = (path) => {
      const file = collectedFile(
        (callback) => callback(),
        (bytes, done) => world.store.write(path, bytes, done),
      );
      return { ...file, append: (pieces, then) => file.append(pieces, () => taken.push(then)) };
    };
    const pending = new SlowSnapshot(3000 * KIBIBYTE);
    const { done } = upload(pending, world);
    world.runTurns();
    assert.equal(pending.steps.length, 4);
    taken.shift()!();
    world.runTurns();
    assert.equal(pending.steps.length, 6, "two more in place of those that were taken");
    for (let then = taken.shift(); then !== undefined; then = taken.shift()) {
      then();
      world.runTurns();
    }
    world.store.finishAll();
    const file = world.store.files.get("j/chk-1/map-3")!;
    assert.deepEqual(decodeSnapshotFile(file, done[0]!.stored!.handle), pending.content);
  });

  it("may be empty", () => {
    const { world, done } = upload(new SlowSnapshot(0));
    world.runTurns();
    world.store.finishAll();
    const file = world.store.files.get("j/chk-1/map-3")!;
    assert.equal(decodeSnapshotFile(file, done[0]!.stored!.handle).length, 0);
  });

  it("fails when the store does, or the state cannot be written: then the snapshot is released", () => {
    const { world, done } = upload(new SlowSnapshot(10));
    world.runTurns();
    world.store.finish(0, new Error("disk gone"));
    assert.deepEqual([done[0]!.error!.code, done[0]!.error!.message], ["checkpoint-failed", "disk gone"]);
    const broken = new SlowSnapshot(10);
    broken.fails = true;
    const other = upload(broken);
    other.world.runTurns();
    assert.match(other.done[0]!.error!.message, /broken state/);
    assert.equal(broken.released, 1);
  });

  it("given up at any time: it is released, says nothing, and leaves no file", () => {
    for (let turns = 0; turns <= 3; turns++) {
      const pending = new SlowSnapshot(1000 * KIBIBYTE);
      const { world, done, upload: one } = upload(pending);
      if (turns > 0) world.runTurns(turns);
      one.cancel();
      world.runTurns();
      world.store.finishAll();
      assert.equal(pending.released, turns < 2 ? 1 : 0, "what is complete holds nothing");
      assert.deepEqual([done, world.store.files.size], [[], 0], `after ${turns} turns`);
    }
  });
});

describe("a task's snapshot on its way back", () => {
  function stored() {
    const { world, done } = upload(new SlowSnapshot(100), worldWithCopies());
    world.runTurns();
    world.store.finishAll();
    const copies = new LocalCopies(world);
    copies.begin(1, "j/chk-1");
    copies.keep(1, "j/chk-1/map-3");
    world.localStore.finishAll();
    const { handle } = done[0]!.stored!;
    const read = () => {
      const results: { error: FaultlineError | null; snapshot: DownloadedSnapshot | null }[] = [];
      downloadSnapshot(world, "j/chk-1", handle, (error, snapshot) => results.push({ error, snapshot }));
      world.localStore.finishAll();
      world.store.finishAll();
      assert.equal(results.length, 1);
      return results[0]!;
    };
    const flip = (store: HandStore) => {
      store.files.get("j/chk-1/map-3")![30]! ^= 1;
    };
    return { world, read, flip };
  }

  it("comes from the local copy, and from the store when that is not there or damaged", () => {
    const { world, read, flip } = stored();
    assert.equal(read().snapshot!.from, "local");
    flip(world.localStore);
    assert.equal(read().snapshot!.from, "store");
    assert.equal(world.events("localCopyUnusable").length, 1);
    world.localStore.files.clear();
    assert.deepEqual(read().snapshot, { from: "store", payload: new SlowSnapshot(100).content });
    assert.equal(world.events("localCopyUnusable").length, 1, "none is normal");
  });

  it("is refused with the file and what is wrong when the store's is damaged or gone", () => {
    const { world, read, flip } = stored();
    world.localStore.files.clear();
    flip(world.store);
    assert.equal(read().error!.code, "snapshot-corrupt");
    assert.match(read().error!.message, /^j\/chk-1\/map-3: .*checksum/);
    world.store.files.set("j/chk-1/map-3", world.store.files.get("j/chk-1/map-3")!.subarray(0, 50));
    assert.match(read().error!.message, /torn: 50 of 136 bytes/);
    world.store.files.clear();
    assert.equal(read().error!.code, "snapshot-missing");
  });
});

describe("a worker's local copies", () => {
  it("are those of the newest complete checkpoint and of newer ones", () => {
    const world = worldWithCopies();
    const copies = new LocalCopies(world);
    const left = () => {
      world.localStore.finishAll();
      return [...world.localStore.files.keys()];
    };
    for (const id of [1, 2, 3, 4]) {
      copies.begin(id, `j/chk-${id}`);
      world.localStore.files.set(`j/chk-${id}/map-0`, new Uint8Array(1));
    }
    copies.complete(2);
    assert.deepEqual(left(), ["j/chk-2/map-0", "j/chk-3/map-0", "j/chk-4/map-0"]);
    copies.abort(3);
    assert.deepEqual(left(), ["j/chk-2/map-0", "j/chk-4/map-0"]);
    copies.keepOnly(2);
    assert.deepEqual(left(), ["j/chk-2/map-0"]);
    copies.keepOnly(null);
    assert.deepEqual(left(), []);
  });

  it("are what the store has; one that cannot be made is told to the journal only", () => {
    const world = worldWithCopies();
    const copies = new LocalCopies(world);
    copies.begin(1, "j/chk-1");
    copies.keep(1, "j/chk-1/gone");
    world.localStore.finishAll();
    assert.deepEqual(world.events("localCopyFailed"), [
      { path: "j/chk-1/gone", message: "the store has no j/chk-1/gone" },
    ]);
  });

  it("that come after their checkpoint was given up go too, and such a checkpoint is not copied any more", () => {
    const world = worldWithCopies();
    const copies = new LocalCopies(world);
    world.store.files.set("j/chk-1/map-0", new Uint8Array(1));
    copies.begin(1, "j/chk-1");
    copies.keep(1, "j/chk-1/map-0");
    copies.abort(1);
    world.localStore.finish(1); // the removal of the folder first
    world.localStore.finishAll();
    assert.equal(world.localStore.files.size, 0);
    copies.keep(1, "j/chk-1/map-0");
    assert.equal(world.localStore.waiting.length, 0);
  });
});
