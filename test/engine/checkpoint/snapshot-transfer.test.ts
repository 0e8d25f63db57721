import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultlineError } from "../../../base/errors.ts";
import { LocalCopies } from "../../../engine/checkpoint/local-copies.ts";
import { type DownloadedSnapshot, downloadSnapshot } from "../../../engine/checkpoint/snapshot-download.ts";
import { decodeSnapshotFile } from "../../../engine/checkpoint/snapshot-file.ts";
import { SnapshotUpload, type StoredSnapshot } from "../../../engine/checkpoint/snapshot-upload.ts";
import { FakeWorld, HandStore } from "./fake-world.ts";

const KIBIBYTE = 1024;

/** A snapshot of `bytes` bytes that is written step by step. */
class SlowSnapshot {
  readonly steps: number[] = [];
  readonly content: Uint8Array;
  released = 0;
  fails = false;
  #written = 0;

  constructor(bytes: number) {
    this.content = Uint8Array.from({ length: bytes }, (_, index) => (index * 7) & 255);
  }

  advance(budgetBytes: number): boolean {
    if (this.fails) throw new Error("broken state");
    this.steps.push(budgetBytes);
    this.#written += budgetBytes;
    return this.#written >= this.content.length;
  }

  chunks(): readonly Uint8Array[] {
    const middle = this.content.length >> 1;
    return [this.content.subarray(0, middle), new Uint8Array(0), this.content.subarray(middle)];
  }

  release(): void {
    this.released++;
  }
}

function upload(pending: SlowSnapshot, localCopy = false) {
  const world = Object.assign(new FakeWorld(), { localStore: new HandStore() });
  const done: { error: FaultlineError | null; stored: StoredSnapshot | null }[] = [];
  const about = { vertex: "map", subtask: 3, folder: "j/chk-1", localCopy };
  const upload = new SnapshotUpload({
    world,
    pending,
    ...about,
    done: (error, stored) => done.push({ error, stored }),
  });
  upload.start();
  return { world, done, upload };
}

const finish = (world: FakeWorld & { localStore: HandStore }) => {
  world.store.finishAll();
  world.localStore.finishAll();
};

describe("a task's snapshot on its way to the store", () => {
  it("is written and copied in steps of 256 KiB, each in a turn of its own", () => {
    const pending = new SlowSnapshot(1000 * KIBIBYTE);
    const { world, done } = upload(pending);
    assert.equal(pending.steps.length, 0, "nothing happens inside start");
    const turns = world.runTurns();
    assert.deepEqual(
      pending.steps,
      [1, 2, 3, 4].map(() => 256 * KIBIBYTE),
    );
    assert.equal(turns, 7, "four steps of writing, of which the last begins to copy; three more of copying");
    assert.equal(pending.released, 1);
    assert.equal(done.length, 0);
    world.pass(123);
    finish(world);
    const { handle, asyncUs } = done[0]!.stored!;
    const file = world.store.files.get("j/chk-1/map-3")!;
    assert.deepEqual([handle.vertex, handle.subtask, handle.file, handle.bytes], ["map", 3, "map-3", file.length]);
    assert.equal(asyncUs, 123);
    assert.deepEqual(decodeSnapshotFile(file, handle), pending.content);
    assert.equal(world.localStore.files.size, 0, "no copy was wanted");
  });

  it("may be empty", () => {
    const { world, done } = upload(new SlowSnapshot(0));
    world.runTurns();
    finish(world);
    const file = world.store.files.get("j/chk-1/map-3")!;
    assert.equal(decodeSnapshotFile(file, done[0]!.stored!.handle).length, 0);
  });

  it("fails when the store does, or the state cannot be written; the snapshot is released", () => {
    const pending = new SlowSnapshot(10);
    const { world, done } = upload(pending);
    world.runTurns();
    world.store.finish(0, new Error("disk gone"));
    assert.deepEqual([done[0]!.error!.code, done[0]!.error!.message], ["checkpoint-failed", "disk gone"]);
    const broken = new SlowSnapshot(10);
    broken.fails = true;
    const other = upload(broken);
    other.world.runTurns();
    assert.match(other.done[0]!.error!.message, /broken state/);
    assert.ok(pending.released > 0 && broken.released > 0);
  });

  it("given up at any time: it is released, says nothing, and leaves no file", () => {
    for (let turns = 0; turns <= 8; turns++) {
      const pending = new SlowSnapshot(1000 * KIBIBYTE);
      const { world, done, upload: one } = upload(pending, true);
      if (turns > 0) world.runTurns(turns);
      one.cancel();
      world.runTurns();
      finish(world);
      assert.ok(pending.released > 0);
      assert.deepEqual([done, world.store.files.size, world.localStore.files.size], [[], 0, 0], `after ${turns} turns`);
    }
  });

  it("keeps a local copy when asked; that it cannot is told to the journal only", () => {
    const kept = upload(new SlowSnapshot(100), true);
    kept.world.runTurns();
    finish(kept.world);
    assert.deepEqual([...kept.world.localStore.files], [...kept.world.store.files]);
    const failed = upload(new SlowSnapshot(100), true);
    failed.world.runTurns();
    failed.world.localStore.finish(0, new Error("full"));
    finish(failed.world);
    assert.equal(failed.done[0]!.error, null);
    assert.deepEqual(failed.world.events("localCopyFailed"), [{ path: "j/chk-1/map-3", message: "full" }]);
  });
});

describe("a task's snapshot on its way back", () => {
  function stored() {
    const { world, done } = upload(new SlowSnapshot(100), true);
    world.runTurns();
    finish(world);
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
    assert.match(read().error!.message, /torn: 50 of 120 bytes/);
    world.store.files.clear();
    assert.equal(read().error!.code, "snapshot-missing");
  });
});

describe("a worker's local copies", () => {
  it("are those of the newest complete checkpoint and of newer ones", () => {
    const world = Object.assign(new FakeWorld(), { localStore: new HandStore() });
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
});
