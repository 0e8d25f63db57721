import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Coordinator } from "../../../engine/cluster/coordinator.ts";
import { DEFAULT_CHECKPOINTS } from "../../../engine/cluster/job-spec.ts";
import { SimulatedClient } from "../../../engine/simulation/client.ts";
import type { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { countJob } from "../simulation/tiny-job.ts";
import { countCluster, countSpec } from "./count-cluster.ts";

const checkpoints = { ...DEFAULT_CHECKPOINTS, intervalUs: 2_000, localCopies: false };
const spec = (bounded: boolean) => countSpec({ recovery: "passive", guarantee: "exactly-once", checkpoints, bounded });

/** Another coordinator with other workers, on the same log and store. Returns its client. */
function startSecond(cluster: SimulatedCluster): SimulatedClient {
  const times = { livenessIntervalUs: 100_000, livenessTimeoutUs: 1_000_000, shutdownTimeoutUs: 1_000_000 };
  new Coordinator(cluster.startProcess("second").world, {
    name: "second",
    group: "second",
    loadJob: (_spec, done) => done(null, countJob(500)),
    ...times,
  }).start();
  for (const name of ["a", "b"]) cluster.startWorker(name, "second:1");
  return new SimulatedClient(cluster.startProcess("second-client"), "second:1");
}

/** Records of topic `out` that readers of committed data do not see the end of. */
function hidden({ topics }: SimulatedCluster): number {
  return [0, 1]
    .map(
      (partition) =>
        topics.endOffset("out", partition, "uncommitted") - topics.endOffset("out", partition, "committed"),
    )
    .reduce((sum, count) => sum + count, 0);
}

describe("a job that is submitted again, to a new cluster", () => {
  it("ends what all attempts in the old one have left open, however many there were", () => {
    let left = 0;
    for (const seed of [1, 2, 3, 4, 5]) {
      const cluster = countCluster({ seed, workers: 6, rows: 3_000 });
      const { client } = cluster;
      client.submit(spec(false), 2);
      for (let attempt = 1; attempt <= 4; attempt++) {
        const runs = () => client.states.some((seen) => seen.state === "running" && seen.attempt === attempt);
        cluster.runUntil(runs, `attempt ${attempt}`);
        const until = cluster.universe.nowUs + 3_000 + seed * 300;
        cluster.runUntil(() => cluster.universe.nowUs >= until, "some work");
        const busy = cluster.universe.journal.findLast(({ event }) => event === "deployed")!.process;
        if (attempt < 4) cluster.processes.get(busy)!.kill();
      }
      cluster.coordinator.kill();
      for (const worker of cluster.workers) worker.kill();
      if (hidden(cluster) > 0) left++;
      const second = startSecond(cluster);
      cluster.runUntil(() => second.workers.length === 2, "registration");
      second.submit(spec(true), 2);
      cluster.runUntil(() => second.hasEnded("j"), "end in the new cluster");
      assert.equal(second.stateOf("j")!.state, "finished", `seed ${seed}: ${second.stateOf("j")!.failure?.message}`);
      assert.equal(hidden(cluster), 0, `seed ${seed}: what the old cluster has left hides rows`);
    }
    assert.ok(left >= 3, `only ${left} of the old clusters left something`);
  });
});
