import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BarrierMode, DEFAULT_CHECKPOINTS, type JobSpec } from "../../../engine/cluster/job-spec.ts";
import type { CheckpointStore } from "../../../engine/ports.ts";
import type { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { countCluster, countSpec, rowsOf } from "./count-cluster.ts";

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

const startCluster = (seed: number, workers: number) => countCluster({ seed, workers, rows: 2000 });

function specOf(mode: BarrierMode = "aligned"): JobSpec {
  const checkpoints = { ...DEFAULT_CHECKPOINTS, mode, intervalUs: 1_000, localCopies: false };
  return countSpec({ recovery: "passive", guarantee: "exactly-once", checkpoints });
}

function straight(): Map<string, number> {
  const cluster = startCluster(0, 2);
  cluster.client.submit(specOf(), 2);
  cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
  return rowsOf(cluster);
}

/** Runs the job without end, stops it with a savepoint after a while, and gives the cluster back in the moment that it is complete. */
function stopWithSavepoint(seed: number, workers: number): SimulatedCluster {
  const cluster = startCluster(seed, workers);
  cluster.client.submit({ ...specOf(), bounded: false }, workers);
  cluster.runUntil(() => cluster.client.states.some(({ state }) => state === "running"), "running");
  const at = cluster.universe.nowUs + 500 + seed * 100;
  cluster.runUntil(() => cluster.universe.nowUs >= at, "time of the savepoint");
  cluster.client.send({ type: "savepoint", jobId: "j", folder: "kept/one", stop: true });
  cluster.runUntil(() => cluster.client.savepoints.length > 0, "answer");
  assert.equal(cluster.client.savepoints[0]!.failure, undefined);
  return cluster;
}

/** Some worker's way to the store; what it is asked is done when the cluster has run on. */
function storeOf(cluster: SimulatedCluster): CheckpointStore {
  return cluster.workers[0]!.world.store;
}

describe("a job whose checkpoints are gone", () => {
  it("fails and does not begin anew, which would bring all its output a second time", () => {
    for (const path of ["j", "j/chk-"]) {
      const cluster = startCluster(3, 3);
      cluster.client.submit({ ...specOf(), bounded: false }, 3);
      cluster.runUntil(() => cluster.client.phases.some(({ phase }) => phase === "completed"), "a checkpoint");
      const { checkpointId } = cluster.client.phases.find(({ phase }) => phase === "completed")!;
      const gone = path === "j" ? path : `${path}${checkpointId}/_metadata`;
      storeOf(cluster).remove(gone, () => cluster.workers[1]!.kill());
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
      const { state, failure } = cluster.client.stateOf("j")!;
      assert.deepEqual([state, failure!.code], ["failed", "snapshot-corrupt"], gone);
      assert.match(failure!.message, /no checkpoint of job j can be used: chk-\d+ \(_metadata: it is not there\)/);
    }
  });

  it("fails when what it was told to start from is damaged, however often it may start again", () => {
    const cluster = stopWithSavepoint(1, 2);
    cluster.runUntil(() => cluster.client.hasEnded("j"), "end of the first job");
    let written = false;
    storeOf(cluster).write("kept/one/window-0", new Uint8Array(10), () => {
      written = true;
    });
    cluster.runUntil(() => written, "the damage");
    const restart = {
      kind: "exponential-delay",
      initialUs: 10,
      maxUs: 10,
      multiplier: 1,
      resetUs: 1e9,
      jitter: 0,
    } as const;
    cluster.client.submit({ ...specOf(), jobId: "k", restoreFrom: "kept/one", restart }, 2);
    cluster.runUntil(() => cluster.client.hasEnded("k"), "end of the second job");
    const { attempt, failure } = cluster.client.stateOf("k")!;
    assert.deepEqual([attempt, failure!.code], [2, "snapshot-corrupt"]);
    assert.match(failure!.message, /the checkpoint in "kept\/one" is damaged/);
  });

  it("says what kind of failure keeps it from starting", () => {
    const cluster = startCluster(1, 2);
    cluster.client.submit({ ...specOf(), restoreFrom: "kept/none" }, 2);
    cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
    assert.equal(cluster.client.stateOf("j")!.failure!.code, "snapshot-missing");
  });
});

describe("a job whose store is away", () => {
  it("says so when it cannot start again in time", () => {
    const cluster = startCluster(2, 3);
    cluster.client.submit({ ...specOf(), bounded: false }, 3);
    cluster.runUntil(() => cluster.client.phases.some(({ phase }) => phase === "completed"), "a checkpoint");
    cluster.store.begin("hangs", 60_000_000);
    cluster.workers[0]!.kill();
    cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
    assert.match(cluster.client.stateOf("j")!.failure!.message, /the checkpoint store does not tell where to begin/);
  });
});

describe("a job that has stopped with a savepoint", () => {
  const right = straight();

  it("does not go on when a worker dies before all output is committed; the savepoint commits it", () => {
    let cutOff = 0;
    for (const seed of SEEDS) {
      const cluster = stopWithSavepoint(seed, 3);
      cluster.workers[seed % 3]!.kill();
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end of the first job");
      const { state, failure, attempt } = cluster.client.stateOf("j")!;
      assert.equal(attempt, 1, `seed ${seed}`);
      if (state === "failed") {
        cutOff++;
        assert.match(failure!.message, /stopped with the savepoint in "kept\/one"/);
      }
      cluster.client.submit({ ...specOf(), jobId: "k", restoreFrom: "kept/one" }, 2);
      cluster.runUntil(() => cluster.client.hasEnded("k"), "end of the second job");
      assert.deepEqual(rowsOf(cluster), right, `seed ${seed}`);
    }
    assert.ok(cutOff >= 3, `${cutOff} runs were cut off between savepoint and end`);
  });
});
