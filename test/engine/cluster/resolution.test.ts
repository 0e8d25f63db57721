import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEFAULT_CHECKPOINTS, type RestartStrategy } from "../../../engine/cluster/job-spec.ts";
import type { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { countCluster, countSpec, REPLICATION, rowsOf } from "./count-cluster.ts";

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

/** Records of topic `out` that readers of committed data do not come past. */
function hidden({ topics }: SimulatedCluster): number {
  return [0, 1]
    .map(
      (partition) =>
        topics.endOffset("out", partition, "uncommitted") - topics.endOffset("out", partition, "committed"),
    )
    .reduce((sum, count) => sum + count, 0);
}

function specOf(restart?: RestartStrategy, keepAtEnd = false) {
  const checkpoints = { ...DEFAULT_CHECKPOINTS, intervalUs: 2_000, localCopies: false, keepAtEnd };
  const strategy = restart === undefined ? {} : { restart };
  return countSpec({ recovery: "passive", guarantee: "exactly-once", checkpoints, bounded: false, ...strategy });
}

/** Runs a job until its nth checkpoint is at this phase. */
function runTo(cluster: SimulatedCluster, seed: number, spec: ReturnType<typeof specOf>): void {
  const { client } = cluster;
  client.submit(spec, 2);
  const phase = (["triggered", "acknowledged", "completed"] as const)[seed % 3]!;
  const nth = 1 + (seed % 4);
  cluster.runUntil(() => client.phases.filter((seen) => seen.phase === phase).length >= nth, `${phase} ${nth}`);
  const untilUs = cluster.universe.nowUs + seed * 37;
  cluster.runUntil(() => cluster.universe.nowUs >= untilUs, "a moment more");
}

/** The rows of a run without end that nothing disturbs, as far as it got. */
function straight(): Map<string, number> {
  const cluster = countCluster({ seed: 0, workers: 2, rows: 20_000 });
  cluster.client.submit({ ...specOf(), bounded: true }, 2);
  cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
  return rowsOf(cluster);
}

describe("a job that ends before its time", () => {
  const right = straight();
  const assertOnce = (cluster: SimulatedCluster, seed: number) => {
    for (const [row, count] of rowsOf(cluster))
      assert.ok(count === 1 && right.has(row), `seed ${seed}: ${row} ${count}×`);
  };

  it("leaves no transaction open when it is cancelled in the midst of a checkpoint", () => {
    let rows = 0;
    for (const seed of SEEDS) {
      const cluster = countCluster({ seed, workers: 2, rows: 20_000 });
      runTo(cluster, seed, specOf());
      cluster.client.send({ type: "cancel", jobId: "j" });
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
      assert.deepEqual([cluster.client.stateOf("j")!.state, cluster.client.stateOf("j")!.attempt], ["cancelled", 1]);
      assert.equal(hidden(cluster), 0, `seed ${seed}`);
      assertOnce(cluster, seed);
      rows += rowsOf(cluster).size;
    }
    assert.ok(rows > 100, `${rows} rows`);
  });

  it("leaves none when the cluster shuts down", () => {
    let rows = 0;
    for (const seed of SEEDS) {
      const cluster = countCluster({ seed, workers: 2, rows: 20_000 });
      runTo(cluster, seed, specOf());
      cluster.client.send({ type: "shutdown" });
      cluster.runUntil(() => cluster.client.closed, "shutdown");
      assert.equal(cluster.client.stateOf("j")!.state, "cancelled");
      assert.equal(hidden(cluster), 0, `seed ${seed}`);
      assertOnce(cluster, seed);
      rows += rowsOf(cluster).size;
    }
    assert.ok(rows > 100, `${rows} rows`);
  });

  it("leaves none when it fails with a worker, that worker's neither", () => {
    for (const seed of SEEDS) {
      const cluster = countCluster({ seed, workers: 2, rows: 20_000 });
      runTo(cluster, seed, specOf({ kind: "none" }));
      cluster.workers[seed % 2]!.kill();
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
      assert.equal(cluster.client.stateOf("j")!.state, "failed");
      assert.equal(hidden(cluster), 0, `seed ${seed}`);
      assertOnce(cluster, seed);
    }
  });

  it("has committed all that its last complete checkpoint names: who starts from there goes on exactly", () => {
    for (const seed of SEEDS) {
      const cluster = countCluster({ seed, workers: 2, rows: 20_000 });
      const { client } = cluster;
      runTo(cluster, seed, specOf({ kind: "none" }, true));
      cluster.runUntil(() => client.phases.some(({ phase }) => phase === "completed"), "a checkpoint");
      cluster.workers[seed % 2]!.kill();
      cluster.runUntil(() => client.hasEnded("j"), "end");
      const { checkpointId } = client.phases.findLast(({ phase }) => phase === "completed")!;
      cluster.startWorker("late");
      client.submit({ ...specOf(), jobId: "k", bounded: true, restoreFrom: `j/chk-${checkpointId}` }, 2);
      cluster.runUntil(() => client.hasEnded("k"), "end of the second job");
      assert.deepEqual(rowsOf(cluster), right, `seed ${seed}`);
    }
  });

  it("reads no snapshot for that, however large they are", () => {
    for (const seed of SEEDS) {
      const reads: string[] = [];
      const cluster = countCluster({
        seed,
        workers: 2,
        rows: 20_000,
        tamper: (world) => {
          const read: typeof world.store.read = (path, done) => {
            reads.push(path);
            world.store.read(path, done);
          };
          return { ...world, store: { ...world.store, read } };
        },
      });
      runTo(cluster, seed, specOf());
      cluster.runUntil(() => cluster.client.phases.some(({ phase }) => phase === "completed"), "a checkpoint");
      cluster.client.send({ type: "cancel", jobId: "j" });
      reads.length = 0;
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
      assert.equal(hidden(cluster), 0, `seed ${seed}`);
      assertOnce(cluster, seed);
      assert.deepEqual(
        reads.filter((path) => !path.endsWith("/_metadata")),
        [],
        `seed ${seed}`,
      );
      assert.ok(reads.length > 0, "it looked for the checkpoint");
    }
  });

  it("ends without when nobody is left to do it, and keeps the checkpoints that its transactions need", () => {
    const cluster = countCluster({ seed: 5, workers: 2, rows: 20_000 });
    runTo(cluster, 5, specOf({ kind: "none" }));
    for (const worker of cluster.workers) worker.kill();
    cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
    assert.ok(cluster.universe.journal.some(({ event }) => event === "transactionsLeft"));
    let names: readonly string[] = [];
    cluster.startProcess("looker").world.store.list("j", (_error, found) => {
      names = found ?? [];
    });
    cluster.runUntil(() => names.length > 0, "checkpoints");
  });
});

describe("a replicated job that ends before its time", () => {
  const KAZOO = {
    merge: "kaZoo",
    orderLog: { kind: "memory", brokers: [], topic: "orders" },
    leaseUs: 20_000,
  } as const;

  for (const [merge, settings] of [
    ["liveRobin", {}],
    ["kaZoo", KAZOO],
  ] as const) {
    it(`leaves no transaction open under ${merge}, also when too few workers are left for its replicas`, () => {
      const replication = { ...REPLICATION, ...settings };
      const spec = { ...specOf({ kind: "none" }, true), replication };
      let [rows, failed] = [0, 0];
      for (const seed of SEEDS) {
        const cluster = countCluster({ seed, workers: 3, rows: 20_000 });
        const { client } = cluster;
        client.submit(spec, 3);
        cluster.runUntil(() => client.phases.filter(({ phase }) => phase === "completed").length >= 2, "checkpoints");
        const untilUs = cluster.universe.nowUs + seed * 137;
        cluster.runUntil(() => cluster.universe.nowUs >= untilUs, "a moment more");
        if (seed % 2 === 0) client.send({ type: "cancel", jobId: "j" });
        else for (const worker of cluster.workers.slice(0, 2)) worker.kill();
        cluster.runUntil(() => client.hasEnded("j"), "end");
        const { state } = client.stateOf("j")!;
        assert.equal(state, seed % 2 === 0 ? "cancelled" : "failed", `seed ${seed}`);
        assert.equal(hidden(cluster), 0, `seed ${seed}`);
        for (const [row, count] of rowsOf(cluster)) assert.equal(count, 1, `seed ${seed}: ${row}`);
        assert.ok(!cluster.universe.journal.some(({ event }) => event === "transactionsLeft"), `seed ${seed}`);
        rows += rowsOf(cluster).size;
        if (state === "failed") failed++;
      }
      assert.ok(rows > 100 && failed > 0, `${rows} rows, ${failed} failed`);
    });
  }
});
