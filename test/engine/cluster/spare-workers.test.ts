import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_JOB_OPTIONS, type JobSpec, type Recovery } from "../../../engine/cluster/job-spec.ts";
import { SpareWorkers } from "../../../engine/cluster/spare-workers.ts";
import { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { countJob } from "../simulation/tiny-job.ts";
import { tinySupplier } from "../simulation/tiny-rows.ts";

const job = (jobId: string): JobSpec => ({
  jobId,
  name: "j",
  module: "m",
  parameters: {},
  parallelism: 1,
  keyGroups: 1,
  sources: {},
  sinks: {},
  options: DEFAULT_JOB_OPTIONS,
  bounded: false,
});

test("a spare worker is told once per job to load what it may need; busy ones have it, new ones are told when they come", () => {
  const told: string[] = [];
  const spares = new SpareWorkers((worker, { jobId }) => told.push(`${worker} ${jobId}`));
  spares.onRunning(job("a"), ["w1", "w2", "w3"], ["w1", "w2"]);
  spares.onRunning(job("a"), ["w1", "w2", "w3"], ["w1", "w3"]);
  assert.deepEqual(told, ["w3 a"], "w2 ran it before");
  spares.onRunning(job("a"), ["w1", "w3", "w4"], ["w1", "w3"]);
  spares.onRunning(job("b"), ["w1", "w3", "w4"], ["w1"]);
  assert.deepEqual(told, ["w3 a", "w4 a", "w3 b", "w4 b"]);
});

/** How often the job was loaded, by coordinator and three workers, of which it runs on two. */
function loadsOf(recovery: Recovery): number {
  let loads = 0;
  const load = () => {
    loads++;
    return countJob(500);
  };
  const cluster = new SimulatedCluster({
    seed: 1,
    workers: 3,
    modules: new Map([["count", load]]),
    suppliers: new Map([["in", tinySupplier(2, 4_000, 5)]]),
    batchRecords: 50,
    onRecord: null,
    maxSteps: 5_000_000,
    maxVirtualUs: 120_000_000,
  });
  const log = (topic: string) => ({ kind: "memory", brokers: [], topic, partitions: 2 });
  const bound = { module: "count", parallelism: 2, keyGroups: 16, bounded: true };
  cluster.client.submit(
    { ...job("j"), ...bound, sources: { source: log("in") }, sinks: { sink: log("out") }, recovery },
    2,
  );
  cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
  return loads;
}

test("a cluster's spare worker loads a job that it may have to take over, and no other", () => {
  assert.equal(loadsOf("scratch"), 4);
  assert.equal(loadsOf("none"), 3);
});
