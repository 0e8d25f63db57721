import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../base/random.ts";
import { DEFAULT_JOB_OPTIONS, type Recovery } from "../../../engine/cluster/job-spec.ts";
import type { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { countCluster, countSpec, killLater, rowsOf } from "./count-cluster.ts";

const ROWS = 4000;
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

const startCluster = (seed: number, workers: number) => countCluster({ seed, workers, rows: ROWS });

const specOf = (recovery: Recovery) => countSpec({ recovery });

/** What the job puts out when nothing breaks, as counted rows. */
function rightRows(): Map<string, number> {
  const cluster = startCluster(0, 2);
  cluster.client.submit(specOf("none"), 2);
  cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
  return rowsOf(cluster, "uncommitted");
}

describe("a job that recovers from scratch", () => {
  const right = rightRows();

  it("loses nothing and forges nothing when a worker dies at any time; it only repeats", () => {
    let repeated = 0;
    let restarted = 0;
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const cluster = startCluster(seed, 2);
      cluster.client.submit(specOf("scratch"), 2);
      killLater(cluster, random.below(2), random.below(12_000));
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
      assert.equal(cluster.client.stateOf("j")!.state, "finished", `seed ${seed}`);
      const rows = rowsOf(cluster, "uncommitted");
      for (const [row, count] of right) assert.ok((rows.get(row) ?? 0) >= count, `seed ${seed}: lost ${row}`);
      for (const row of rows.keys()) assert.ok(right.has(row), `seed ${seed}: forged ${row}`);
      if ([...rows.values()].some((count) => count > 1)) repeated++;
      if (cluster.client.states.some(({ state }) => state === "restarting")) restarted++;
    }
    assert.ok(
      restarted >= 20 && repeated >= 10,
      `${restarted} restarted, ${repeated} repeated: the kills come too late`,
    );
  });

  it("says so: running, restarting with the cause, deploying and running as the next attempt", () => {
    const cluster = startCluster(3, 2);
    cluster.client.submit(specOf("scratch"), 2);
    killLater(cluster, 1, 2_000);
    cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
    const told = cluster.client.states.map(({ state, attempt }) => `${state} ${attempt}`);
    const after = ["restarting 1", "deploying 2", "running 2", "finished 2"];
    assert.deepEqual(told, ["created 1", "deploying 1", "running 1", ...after]);
    const restarting = cluster.client.states.find(({ state }) => state === "restarting")!;
    assert.equal(restarting.failure?.code, "worker-lost");
    const times = cluster.client.states.map(({ atUs }) => atUs);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });

  it("waits for a worker when none is left, and goes on with the one that comes", () => {
    const cluster = startCluster(4, 1);
    cluster.client.submit(specOf("scratch"), 1);
    killLater(cluster, 0, 2_000);
    cluster.runUntil(() => cluster.client.stateOf("j")?.state === "restarting", "restart");
    cluster.startWorker("replacement");
    cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
    assert.equal(cluster.client.stateOf("j")!.state, "finished");
    for (const [row, count] of right) assert.ok((rowsOf(cluster, "uncommitted").get(row) ?? 0) >= count, row);
  });

  it("fails when no worker comes in time", () => {
    const cluster = startCluster(5, 1);
    cluster.client.submit(specOf("scratch"), 1);
    killLater(cluster, 0, 2_000);
    cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
    assert.equal(cluster.client.stateOf("j")!.state, "failed");
    assert.match(cluster.client.stateOf("j")!.failure!.message, /there is no worker; .* worker-0 is lost/);
  });

  it("survives two deaths one after the other", () => {
    for (const seed of SEEDS.slice(0, 10)) {
      const cluster = startCluster(seed, 3);
      cluster.client.submit(specOf("scratch"), 3);
      killLater(cluster, 0, 3_000);
      cluster.universe.queue.at(cluster.universe.nowUs + 6_000 + seed * 500, () => cluster.workers[1]!.kill());
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
      assert.equal(cluster.client.stateOf("j")!.state, "finished", `seed ${seed}`);
      const rows = rowsOf(cluster, "uncommitted");
      for (const [row, count] of right) assert.ok((rows.get(row) ?? 0) >= count, `seed ${seed}: lost ${row}`);
    }
  });

  it("without recovery fails with the cause and never runs again", () => {
    for (const seed of SEEDS.slice(0, 10)) {
      const cluster = startCluster(seed, 2);
      cluster.client.submit(specOf("none"), 2);
      killLater(cluster, 1, seed * 300);
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
      const { state, failure, attempt } = cluster.client.stateOf("j")!;
      assert.deepEqual([state, failure?.code, attempt], ["failed", "worker-lost", 1], `seed ${seed}`);
    }
  });
});

describe("a restart with fewer workers than the job was submitted with", () => {
  const endless = (workersWaitUs: number) =>
    countSpec({ recovery: "scratch", bounded: false, options: { ...DEFAULT_JOB_OPTIONS, workersWaitUs } });
  const deployments = ({ client }: SimulatedCluster) => client.states.filter(({ state }) => state === "deploying");

  /** Both workers of the job die at nearly the same time; one spare is there. */
  function loseBoth(workersWaitUs: number): SimulatedCluster {
    const cluster = startCluster(6, 3);
    cluster.client.submit(endless(workersWaitUs), 2);
    cluster.runUntil(() => cluster.client.stateOf("j")?.state === "running", "running");
    const { nowUs, queue } = cluster.universe;
    queue.at(nowUs + 2_000, () => cluster.workers[0]!.kill());
    queue.at(nowUs + 2_300, () => cluster.workers[1]!.kill());
    return cluster;
  }

  it("goes on at once with those that are there, and says how many are missing", () => {
    const cluster = loseBoth(0);
    cluster.runUntil(() => deployments(cluster).at(-1)?.workersMissing === 1, "deployment");
    cluster.runUntil(() => cluster.client.stateOf("j")?.state === "running", "running again");
    assert.equal(deployments(cluster)[0]!.workersMissing, undefined);
    assert.deepEqual(cluster.client.workers, ["worker-2"]);
  });

  it("waits for a worker as long as the job's options say, and takes the one that comes", () => {
    const cluster = loseBoth(400_000);
    cluster.universe.queue.at(cluster.universe.nowUs + 200_000, () => cluster.startWorker("late"));
    cluster.runUntil(
      () => deployments(cluster).at(-1)!.attempt > 1 && cluster.client.workers.includes("late"),
      "deployment",
    );
    const { workersMissing } = deployments(cluster).at(-1)!;
    assert.equal(workersMissing, undefined);
  });

  it("goes on without when none has come by then", () => {
    const cluster = loseBoth(400_000);
    cluster.runUntil(() => cluster.client.stateOf("j")?.state === "restarting", "restart");
    const { atUs } = cluster.client.stateOf("j")!;
    cluster.runUntil(
      () => cluster.client.workers.length === 1 && deployments(cluster).at(-1)!.workersMissing === 1,
      "deployment",
    );
    assert.ok(deployments(cluster).at(-1)!.atUs - atUs >= 400_000);
  });
});
