import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../base/random.ts";
import { DEFAULT_CHECKPOINTS, type JobSpec, type Replication } from "../../../engine/cluster/job-spec.ts";
import type { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { countCluster, countSpec, REPLICATION, rowsOf } from "./count-cluster.ts";

const ROWS = 4000;
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const ORDERS = { kind: "memory", brokers: [], topic: "orders" };
/** Groups of replicas with an order log: two instances of the counting vertex at the most, and of what comes before it. */
const MAX_GROUPS = 8;

const specOf = (merge: Partial<Replication>): JobSpec =>
  countSpec({
    recovery: "passive",
    guarantee: "exactly-once",
    checkpoints: { ...DEFAULT_CHECKPOINTS, intervalUs: 2_000 },
    replication: { ...REPLICATION, ...merge },
  });

/** One worker for what has no replicas, three for replicas, and spare ones. */
const startCluster = (seed: number, rows = ROWS) => countCluster({ seed, workers: 6, rows });

function run(spec: JobSpec, seed: number, kills: number): SimulatedCluster {
  const random = new Random(seed);
  const cluster = startCluster(seed);
  cluster.client.submit(spec, 4);
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

/** Entries of order logs that were deleted behind checkpoints, and those that were written. */
function orderEntries({ topics }: SimulatedCluster): { readonly deleted: number; readonly written: number } {
  const sum = { deleted: 0, written: 0 };
  for (let partition = 0; partition < MAX_GROUPS; partition++) {
    sum.deleted += topics.beginOffset(ORDERS.topic, partition);
    sum.written += topics.endOffset(ORDERS.topic, partition);
  }
  return sum;
}

for (const [merge, settings] of [
  ["liveRobin", {}],
  ["timeBias", { merge: "timeBias" }],
  ["kaZoo", { merge: "kaZoo", orderLog: ORDERS, leaseUs: 20_000 }],
] as const) {
  describe(`a replicated job with checkpoints beneath, merged by ${merge}`, () => {
    const spec = specOf(settings);
    const right = rowsOf(run(spec, 0, 0));

    it("has results", () => {
      assert.ok(right.size > 20);
    });

    it("masks the loss of a replica; recovers from a checkpoint when all replicas of a task, or a task without one, are lost", () => {
      let restored = 0;
      let masked = 0;
      for (const seed of SEEDS) {
        const cluster = run(spec, seed, 1 + (seed % 3));
        assert.deepEqual(rowsOf(cluster), right, `seed ${seed}`);
        if (cluster.client.states.some((state) => state.restored !== undefined)) restored++;
        const losses = cluster.universe.journal.filter(({ event }) => event === "replicaLost").length;
        if (losses > 0 && !cluster.client.states.some(({ state }) => state === "restarting")) masked++;
      }
      assert.ok(restored >= 8, `${restored} of ${SEEDS.length} restored a checkpoint`);
      assert.ok(masked >= 5, `${masked} of ${SEEDS.length} masked a loss`);
    });

    it("recovers from a checkpoint when all workers with replicas die, wherever that finds them", () => {
      let restored = 0;
      for (let seed = 1; seed <= 10; seed++) {
        const cluster = startCluster(seed);
        const { client, universe, workers } = cluster;
        client.submit(spec, 4);
        cluster.runUntil(() => client.states.some(({ state }) => state === "running"), "running");
        const random = new Random(seed);
        for (const worker of workers.slice(1, 4)) {
          universe.queue.at(universe.nowUs + 4_000 + random.below(4_000), () => worker.kill());
        }
        cluster.runUntil(() => client.hasEnded("j"), "end");
        assert.equal(client.stateOf("j")?.state, "finished", `seed ${seed}`);
        assert.ok(
          client.states.some(({ state }) => state === "restarting"),
          `seed ${seed}`,
        );
        if (client.states.some((state) => state.restored !== undefined)) restored++;
        assert.deepEqual(rowsOf(cluster), right, `seed ${seed}`);
      }
      assert.ok(restored >= 5, `${restored} of 10 restored a checkpoint`);
    });

    it("says how many workers it lacks when those that are left are too few for its replicas", () => {
      const cluster = startCluster(1);
      const { client, workers } = cluster;
      client.submit(spec, 4);
      cluster.runUntil(() => client.states.some(({ state }) => state === "running"), "running");
      for (const worker of workers.slice(1)) worker.kill();
      cluster.runUntil(() => client.hasEnded("j"), "end");
      assert.equal(client.stateOf("j")?.state, "failed");
      assert.match(
        client.stateOf("j")!.failure!.message,
        /no restart within 30 s, \d replicas need \d workers, there are 1/,
      );
    });
  });
}

describe("the order log of a job with checkpoints", () => {
  it("is cut behind them: most of what was written is gone at the end", () => {
    const cluster = startCluster(1, 10 * ROWS);
    cluster.client.submit(specOf({ merge: "kaZoo", orderLog: ORDERS }), 4);
    cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
    const { deleted, written } = orderEntries(cluster);
    assert.ok(written > 100 && deleted > 0.8 * written, `${deleted} of ${written} entries deleted`);
  });
});
