import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LogicalNode } from "../../../engine/dataflow/graph.ts";
import { graphOf, mapNode, sinkNode, sourceNode } from "../simulation/tiny-job.ts";
import { readTiny, tinySupplier } from "../simulation/tiny-rows.ts";
import { clusterFor, type ReplicatedRun, runReplicated, specOf } from "./replicated-run.ts";

const ROWS = 200;

/** Two stages that only pass rows on, each fed by `parallelism` instances, and a sink that takes from all. */
function passingOn(parallelism: number | null) {
  const stage = (from: string, id: string) => ({ ...mapNode(from, "roundRobin", id), parallelism }) as LogicalNode;
  const sink = { ...sinkNode("second"), inputs: [[{ from: "second", partitioning: { kind: "roundRobin" } }]] };
  return graphOf(
    { ...sourceNode(), parallelism: 1 } as LogicalNode,
    stage("source", "first"),
    stage("first", "second"),
    sink as LogicalNode,
  );
}

const runOf = (seed: number, parallelism: number | null, allowUnordered: boolean): ReplicatedRun => ({
  seed,
  job: () => passingOn(parallelism),
  suppliers: { source: tinySupplier(1, 2 * ROWS, 7) },
  sink: "sink",
  parallelism: 2,
  workers: 3,
  batchRecords: 20,
  killAfter: null,
  rough: true,
  replication: { merge: "none", allowUnordered },
});

const distinct = (rows: readonly Uint8Array[]) => new Set(rows.map((row) => readTiny(row).value)).size;

describe("replicas without an order", () => {
  it("are right, deaths or not, where every replica is fed by one channel", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const killAfter = seed % 2 === 0 ? seed * 20 : null;
      const { rows } = runReplicated({ ...runOf(seed, 1, false), killAfter });
      assert.deepEqual([rows.length, distinct(rows)], [2 * ROWS, 2 * ROWS], `seed ${seed}`);
    }
  });

  it("lose rows where they merge, though nothing fails and operators only pass rows on: such a job must ask for it", () => {
    assert.throws(
      () => runReplicated(runOf(1, null, false)),
      /operator "second" has 2 replicas that merge several channels/,
    );
    let losing = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const run = runOf(seed, null, true);
      const cluster = clusterFor(run);
      cluster.client.submit(specOf(run), run.workers);
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
      if (distinct(cluster.topics.records("out", 0)) < 2 * ROWS) losing++;
    }
    assert.ok(losing > 0, "not a row was lost in any seed: nothing would have to be refused");
  });
});
