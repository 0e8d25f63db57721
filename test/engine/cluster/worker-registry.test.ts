import assert from "node:assert/strict";
import { test } from "node:test";
import { WorkerRegistry } from "../../../engine/cluster/worker-registry.ts";

function registered(worker: string) {
  const connection = { send: () => {}, close: () => {} } as never;
  const since = { lastAliveUs: null, progress: 0, progressSinceUs: 0, stalled: false };
  return { worker, address: `${worker}:1`, pid: 1, connection, ...since };
}

test("workers are listed by name, in whatever order they came: what runs on worker 1 is the same in every run", () => {
  const registry = new WorkerRegistry();
  for (const name of ["worker-10", "worker-3", "worker-1", "worker-2"]) registry.add(registered(name));
  assert.deepEqual(
    registry.all.map(({ worker }) => worker),
    ["worker-1", "worker-2", "worker-3", "worker-10"],
  );
  registry.remove("worker-2");
  registry.add(registered("worker-1")); // it came again
  assert.deepEqual(
    registry.all.map(({ worker }) => worker),
    ["worker-1", "worker-3", "worker-10"],
  );
});
