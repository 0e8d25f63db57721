import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../base/random.ts";
import { DEFAULT_CHECKPOINTS } from "../../../engine/cluster/job-spec.ts";
import type { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { countCluster, countSpec, REPLICATION, rowsOf } from "./count-cluster.ts";

const ROWS = 4000;
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

const SPEC = countSpec({
  recovery: "passive",
  guarantee: "exactly-once",
  checkpoints: { ...DEFAULT_CHECKPOINTS, intervalUs: 2_000 },
  replication: REPLICATION,
});

/** Two workers for what has no replicas, two for replicas, and spare ones. */
const startCluster = (seed: number) => countCluster({ seed, workers: 6, rows: ROWS });

function run(seed: number, kills: number): SimulatedCluster {
  const random = new Random(seed);
  const cluster = startCluster(seed);
  cluster.client.submit(SPEC, 4);
  cluster.runUntil(() => cluster.client.states.some(({ state }) => state === "running"), "running");
  for (let kill = 0; kill < kills; kill++) {
    const worker = random.below(cluster.workers.length);
    cluster.universe.queue.at(cluster.universe.nowUs + random.below(15_000), () => cluster.workers[worker]!.kill());
  }
  cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
  const { state, failure } = cluster.client.stateOf("j")!;
  assert.equal(state, "finished", `seed ${seed}: ${failure?.message}`);
  return cluster;
}

describe("a replicated job with checkpoints beneath", () => {
  const right = rowsOf(run(0, 0));

  it("has results", () => {
    assert.ok(right.size > 20);
  });

  it("masks the loss of a replica; recovers from a checkpoint when all replicas of a task, or a task without one, are lost", () => {
    let restored = 0;
    let masked = 0;
    for (const seed of SEEDS) {
      const cluster = run(seed, 1 + (seed % 3));
      assert.deepEqual(rowsOf(cluster), right, `seed ${seed}`);
      if (cluster.client.states.some((state) => state.restored !== undefined)) restored++;
      const losses = cluster.universe.journal.filter(({ event }) => event === "replicaLost").length;
      if (losses > 0 && !cluster.client.states.some(({ state }) => state === "restarting")) masked++;
    }
    assert.ok(restored >= 8, `${restored} of ${SEEDS.length} restored a checkpoint`);
    assert.ok(masked >= 5, `${masked} of ${SEEDS.length} masked a loss`);
  });
});
