import assert from "node:assert/strict";
import { it } from "node:test";
import { LivenessWatch } from "../../../engine/cluster/liveness-watch.ts";
import { WorkerRegistry } from "../../../engine/cluster/worker-registry.ts";
import { ManualTime } from "../task/manual-world.ts";

const SECOND = 1_000_000;

function rig(intervalUs: number) {
  const time = new ManualTime();
  const workers = new WorkerRegistry();
  const lost: string[] = [];
  const events: string[] = [];
  const watch = new LivenessWatch({
    world: { ...time, clock: time.clock, timers: time.timers, journal: { write: (event) => events.push(event) } },
    workers,
    intervalUs,
    timeoutUs: SECOND,
    onLost: (worker) => {
      lost.push(worker);
      workers.remove(worker);
    },
  });
  const connection = { peer: "w", send: () => true, close: () => {} };
  const unheard = { lastAliveUs: null, progress: 0, progressSinceUs: 0, stalled: false };
  workers.add({ worker: "w", address: "w:1", pid: 1, connection, ...unheard });
  watch.start();
  return { time, lost, events, watch };
}

it("a worker that falls silent is given up within a quarter of its messages' distance after the timeout, not before", () => {
  for (let silentUs = 0; silentUs < SECOND / 5; silentUs += 7_000) {
    const { time, lost, watch } = rig(SECOND / 5);
    time.advance(silentUs);
    watch.onAlive("w", 1);
    time.advance(SECOND);
    assert.deepEqual(lost, []);
    time.advance(SECOND / 20 + 1);
    assert.deepEqual(lost, ["w"], `silent since ${silentUs} us`);
  }
});

it("a coordinator that stood still itself takes nobody for dead, and notices real deaths afterwards", () => {
  const { time, lost, events, watch } = rig(SECOND / 10);
  watch.onAlive("w", 1);
  time.nowUs += 5 * SECOND;
  time.advance();
  assert.deepEqual([lost, events], [[], ["coordinatorStalled"]]);
  watch.onAlive("w", 2);
  time.advance(SECOND);
  assert.deepEqual(lost, []);
  time.advance(SECOND / 5);
  assert.deepEqual([lost, events], [["w"], ["coordinatorStalled"]]);
});
