import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JobSpec, Replication } from "../../../engine/cluster/job-spec.ts";
import type { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { CALM } from "../../../engine/simulation/conditions.ts";
import {
  clusterFor,
  KAZOO,
  type ReplicatedRun,
  runReplicated,
  specOf,
  windowCounts,
  windowLines,
} from "./replicated-run.ts";
import { skewedDiamondRun } from "./skewed-diamond.ts";

/** Everything beyond the windows goes to files. */
const spilling = (seed: number, replication: Partial<Replication>): ReplicatedRun => {
  return skewedDiamondRun(seed, { ...replication, spillAfterBytes: 0 });
};

/** Bytes that tasks have spilled, and have in files now. */
function spilled(cluster: SimulatedCluster) {
  const { client } = cluster;
  client.counters = null;
  client.send({ type: "counters", jobId: "j" });
  cluster.runUntil(() => client.counters !== null, "counters");
  const sum = (name: string) => client.counters!.reduce((all, { custom }) => all + (custom[name] ?? 0), 0);
  return { bytes: sum("spilledBytes"), now: sum("spilledNowBytes") };
}

describe("a replicated job whose epochs do not fit into memory", () => {
  for (const replication of [{ merge: "liveRobin" }, { merge: "timeBias" }, KAZOO] as const) {
    it(`gives its rows under ${replication.merge} and leaves no file, replicas dying or not`, () => {
      let bytes = 0;
      for (let seed = 1; seed <= 12; seed++) {
        const run = { ...spilling(seed, replication), rough: seed > 6, killAfter: seed % 2 === 0 ? seed * 40 : null };
        const { rows, cluster } = runReplicated(run);
        assert.deepEqual(windowLines(rows).toSorted(), windowCounts(), `seed ${seed}`);
        const { now, bytes: spilledHere } = spilled(cluster);
        bytes += spilledHere;
        assert.deepEqual([now, cluster.scratch.open], [0, 0], `seed ${seed}`);
      }
      if (replication.merge !== "kaZoo") assert.ok(bytes > 0, "nothing was spilled");
    });
  }

  /** Runs to the end with the restarts that its specification allows. */
  function endOf(run: ReplicatedRun, changes: Partial<JobSpec> = {}) {
    const cluster = clusterFor(run);
    const { client } = cluster;
    client.submit({ ...specOf(run), ...changes }, run.workers);
    cluster.runUntil(() => client.hasEnded("j"), "end of the job");
    const restarts = client.states.filter(({ state }) => state === "restarting").length;
    return { state: client.stateOf("j")!, restarts, cluster };
  }

  it("fails for good when an epoch takes more than files may, because it would again", () => {
    const run = spilling(5, { merge: "liveRobin", maxSpillBytes: 100 });
    const { state, restarts, cluster } = endOf(run, { recovery: "passive" });
    assert.deepEqual([state.state, state.failure?.code, restarts], ["failed", "epoch-too-large", 0]);
    assert.equal(cluster.scratch.open, 0);
  });

  it("starts again when a disk fails, which another attempt may survive", () => {
    const broken = { ...CALM, scratch: { ...CALM.scratch, failedOneIn: 2, mostFailures: 2 } };
    const restart = { kind: "fixed-delay", attempts: 3, delayUs: 0 } as const;
    const run = { ...spilling(5, { merge: "liveRobin", factor: 1 }), conditions: broken };
    const { restarts, state, cluster } = endOf(run, { recovery: "scratch", restart });
    assert.deepEqual([state.state, cluster.scratch.failed, cluster.scratch.open], ["finished", 2, 0]);
    assert.equal(restarts, 2);
  });
});
