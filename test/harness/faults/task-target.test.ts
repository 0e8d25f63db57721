import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../base/random.ts";
import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import { aimsOf, type FaultSpec } from "../../../harness/faults/schema.ts";
import { resolveTargets, type Scene } from "../../../harness/faults/targets.ts";
import { parseTaskTarget } from "../../../harness/faults/task-target.ts";

const VERTICES = { bids: { instances: 2, replicas: 1 }, counts: { instances: 2, replicas: 2 } };

const task = (vertex: string, subtask: number, worker: string, leading?: number): TaskCounters => ({
  vertex,
  subtask,
  worker,
  recordsIn: 0,
  recordsOut: 0,
  bytesOut: 0,
  busyUs: 0,
  blockedUs: 0,
  watermarkMs: null,
  custom: leading === undefined ? {} : { leading },
});

/** counts/0 is led by its replica 1, counts/1 by its replica 0. */
const TASKS = [
  task("bids", 1, "worker-1"),
  task("counts", 0, "worker-2", 0),
  task("counts", 1, "worker-3", 1),
  task("counts", 2, "worker-2", 1),
  task("counts", 3, "worker-3", 0),
];

function struck(target: string, tasks: readonly TaskCounters[] = TASKS): string {
  const places = ["worker-1", "worker-2", "worker-3"].map((role, n) => {
    return { name: `worker/${n + 1}`, process: { role, pid: n + 1, name: role } };
  });
  const scene: Scene = { places, brokerPid: null, tasks, vertices: VERTICES, random: new Random(1) };
  const fault: FaultSpec = { kind: "kill", target, at: 1 };
  const found = resolveTargets(aimsOf(fault), scene);
  return typeof found === "string" ? found : String(found[0]?.found);
}

describe("targets that mean a task", () => {
  it("are an operator's instance, not a subtask: where it has replicas, the first that is there", () => {
    assert.equal(struck("bids/1"), "bids/1: worker/1");
    assert.equal(struck("counts/1"), "counts/1: worker/2 (counts/1.0)");
    assert.equal(struck("counts/1", TASKS.slice(0, 3).concat(TASKS[4]!)), "counts/1: worker/3 (counts/1.1)");
  });

  it("are a replica of it", () => {
    assert.equal(struck("counts/0.1"), "counts/0.1: worker/3");
    assert.equal(struck("counts/0.2"), "counts/0 has no replica 2: it has 2, from 0");
    assert.equal(struck("bids/1.1"), "bids/1 has no replica 1: it has no replicas");
    assert.equal(
      struck("counts/1.0", TASKS.slice(0, 3)),
      "no task counts/1 is known; the job's operators: bids, counts",
    );
    assert.equal(struck("counts/0.0", TASKS.slice(2)), "nobody runs counts/0.0 now");
  });

  it("are who leads, and who follows, by their own counters", () => {
    assert.equal(struck("leader:counts/0"), "leader:counts/0: worker/3 (counts/0.1)");
    assert.equal(struck("follower:counts/0"), "follower:counts/0: worker/2 (counts/0.0)");
    assert.equal(struck("leader:counts/1"), "leader:counts/1: worker/2 (counts/1.0)");
  });

  it("are nobody while nobody leads, so that the strike waits", () => {
    const between = TASKS.map((one) => ({ ...one, custom: "leading" in one.custom ? { leading: 0 } : {} }));
    assert.equal(struck("leader:counts/0", between), "nobody leads counts/0 now");
    assert.equal(struck("follower:counts/0", between), "nobody leads counts/0 now");
    assert.equal(
      struck(
        "follower:counts/0",
        TASKS.filter(({ subtask }) => subtask !== 0),
      ),
      "counts/0 has no follower left",
    );
    assert.equal(struck("leader:bids/1"), "bids/1 has no leader: its replicas elect none");
  });

  it("are told from everything else by how they are written", () => {
    for (const text of ["worker/1", "coordinator", "leader:counts", "leader:counts/0.1", "counts/0.10", "x:counts/0"]) {
      assert.equal(parseTaskTarget(text), null, text);
    }
  });
});
