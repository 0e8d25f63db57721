import assert from "node:assert/strict";
import { it } from "node:test";
import { JobSnapshots } from "../../../engine/cluster/job-snapshots.ts";
import { FakeWorld, HandLocalStore } from "../checkpoint/fake-world.ts";

it("a worker's copies go when it is given another job", () => {
  const world = new FakeWorld();
  const localStore = new HandLocalStore(world.store);
  localStore.files.set("j/chk-1/window-0", new Uint8Array(1));
  const { clock, timers, store, journal } = world;
  const snapshots = new JobSnapshots({
    world: { clock, timers, store, journal, localStore },
    send: () => {},
    jobId: "j",
    localCopies: true,
  });
  snapshots.begin(1, null, [], () => {});
  snapshots.onOrder(1, "j/chk-1");
  snapshots.onComplete(1);
  snapshots.end();
  localStore.finishAll();
  assert.equal(localStore.files.size, 1, "the next attempt may start from them");
  snapshots.close();
  localStore.finishAll();
  assert.equal(localStore.files.size, 0);
});
