import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../base/random.ts";
import type { Replication } from "../../../engine/cluster/job-spec.ts";
import { placeTasks } from "../../../engine/cluster/placement.ts";
import { planOfJob } from "../../../engine/cluster/plan-of-job.ts";
import { byName, domainOf } from "../../../engine/cluster/worker-pools.ts";
import type { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { graphOf, mapNode, sinkNode, sourceNode, windowNode } from "../simulation/tiny-job.ts";
import {
  clusterFor,
  KAZOO,
  type ReplicatedRun,
  specOf,
  windowCounts,
  windowLines,
  windowRun,
} from "./replicated-run.ts";

const ZONES = 4;

/** source ⇒ first ⇒ second ⇒ window → sink: four vertices that may have replicas. */
const chain = () =>
  graphOf(
    sourceNode(),
    mapNode("source", "roundRobin", "first"),
    mapNode("first", "roundRobin", "second"),
    windowNode("second", 100),
    sinkNode("window"),
  );

function runOf(seed: number, replication: Partial<Replication>): ReplicatedRun {
  return {
    ...windowRun(seed),
    job: chain,
    workers: 6,
    rough: true,
    replication,
  };
}

/** Factors as the seed says, of sources too; one vertex at least has replicas. */
function drawVertices(random: Random): Readonly<Record<string, number>> {
  const draw = () => 1 + random.below(4);
  return { source: draw(), first: draw(), second: draw(), window: 2 + random.below(3) };
}

/** The workers that run replicas, so that each but the last of a group may die; `most` may, whichever they are. */
function victimsOf(cluster: SimulatedCluster, run: ReplicatedRun) {
  const plan = planOfJob(chain(), specOf(run));
  const registered = cluster.universe.journal.flatMap(({ event, facts }) =>
    event === "workerRegistered"
      ? [{ worker: String(facts.worker), address: "", zone: facts.zone === undefined ? undefined : String(facts.zone) }]
      : [],
  );
  const replicasOf = new Map(plan.vertices.map(({ id, replicas }) => [id, replicas]));
  const placements = placeTasks(plan, byName(registered));
  const hosts = placements.filter(({ vertex }) => replicasOf.get(vertex)! > 1).map(({ worker }) => worker);
  const least = Math.min(...[...replicasOf.values()].filter((replicas) => replicas > 1));
  const zones = new Map(registered.map((worker) => [worker.worker, domainOf(worker)]));
  return { names: [...new Set(hosts)], most: least - 1, zones };
}

function runToEnd(run: ReplicatedRun, strike: (cluster: SimulatedCluster, random: Random) => void) {
  const cluster = clusterFor(run);
  const { client, universe } = cluster;
  const random = new Random(run.seed ^ 0xfac7);
  client.submit(specOf(run), run.workers);
  cluster.runUntil(() => client.hasEnded("j") || client.stateOf("j")?.state === "deploying", "deployment");
  const at = universe.queue.steps + random.below(800);
  cluster.runUntil(() => client.hasEnded("j") || universe.queue.steps >= at, "strike");
  const struck = !client.hasEnded("j");
  if (struck) strike(cluster, random);
  cluster.runUntil(() => client.hasEnded("j"), "end");
  const { state, failure } = client.stateOf("j")!;
  assert.equal(state, "finished", `seed ${run.seed}: ${failure?.message}`);
  assert.equal(client.states.filter((message) => message.state === "restarting").length, 0, `seed ${run.seed}`);
  const lines = windowLines(cluster.topics.records("out", 0));
  assert.deepEqual(lines.toSorted(), windowCounts(), `seed ${run.seed}`);
  return struck;
}

const MERGES: Readonly<Record<string, Partial<Replication>>> = {
  liveRobin: { merge: "liveRobin" },
  timeBias: { merge: "timeBias" },
  kaZoo: KAZOO,
};

describe("a job whose vertices have 1 to 4 replicas each", () => {
  for (const [name, merge] of Object.entries(MERGES)) {
    it(`gives the right windows under ${name} when as many workers die as the smallest group survives`, () => {
      let killed = 0;
      for (let seed = 1; seed <= 60; seed++) {
        const vertices = drawVertices(new Random(seed));
        const run = runOf(seed, { ...merge, factor: 1, vertices });
        runToEnd(run, (cluster, random) => {
          const { names, most } = victimsOf(cluster, run);
          for (let left = most; left > 0; left--) {
            const [victim] = names.splice(random.below(names.length), 1);
            cluster.workers.find((worker) => worker.name === victim)!.kill();
            killed++;
          }
        });
      }
      assert.ok(killed > 50, `${killed} workers killed`);
    });
  }

  it("outlives the loss of whole zones when its workers say theirs", () => {
    let killed = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const zoneOf = (worker: string) => `zone-${Number(worker.split("-")[1]) % ZONES}`;
      const run = { ...runOf(seed, { factor: 1, vertices: drawVertices(new Random(seed)) }), workers: 9, zoneOf };
      runToEnd(run, (cluster, random) => {
        const { names, most, zones } = victimsOf(cluster, run);
        const all = [...new Set(names.map((worker) => zones.get(worker)!))];
        for (let left = most; left > 0; left--) {
          const [zone] = all.splice(random.below(all.length), 1);
          for (const worker of names.filter((candidate) => zones.get(candidate) === zone)) {
            cluster.workers.find(({ name }) => name === worker)!.kill();
            killed++;
          }
        }
      });
    }
    assert.ok(killed > 50, `${killed} workers killed`);
  });

  it("starts again only when there are workers in as many zones as it needs, and chooses those", () => {
    const zoneOf = (worker: string) => `zone-${Number(worker.split("-")[1]) % 2}`;
    const run = { ...runOf(7, { factor: 2 }), workers: 5, rough: false, zoneOf };
    const cluster = clusterFor(run);
    const { client, universe, workers } = cluster;
    client.submit({ ...specOf(run), recovery: "scratch" }, 3);
    cluster.runUntil(() => client.stateOf("j")?.state === "running", "start");
    // Enough workers come, all in one zone.
    for (const worker of workers) worker.kill();
    const lost = () => universe.journal.filter(({ event }) => event === "workerLost").length;
    cluster.runUntil(() => lost() === workers.length, "loss of all");
    for (const name of ["worker-6", "worker-8", "worker-10"]) cluster.startWorker(name);
    const later = universe.nowUs + 5_000_000;
    cluster.runUntil(() => client.hasEnded("j") || universe.nowUs > later, "wait");
    assert.equal(client.stateOf("j")?.state, "restarting");
    cluster.startWorker("worker-7");
    cluster.runUntil(() => client.hasEnded("j"), "end");
    assert.equal(client.stateOf("j")?.state, "finished", client.stateOf("j")?.failure?.message);
  });

  it("is refused with the names of its vertices when one is not there, and with the zones when they are too few", () => {
    const failureOf = (run: ReplicatedRun) => {
      const cluster = clusterFor(run);
      cluster.client.submit(specOf(run), run.workers);
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
      return cluster.client.stateOf("j")!.failure!;
    };
    const unknown = failureOf(runOf(1, { vertices: { third: 2 } }));
    assert.equal(unknown.code, "job-invalid");
    assert.match(unknown.message, /"third".*"source", "first", "second", "window", "sink"/);
    const zoneOf = (worker: string) => `zone-${Number(worker.split("-")[1]) % 2}`;
    const zoned = failureOf({ ...runOf(1, { factor: 3 }), zoneOf });
    assert.match(zoned.message, /3 replicas of "first" need workers in 3 zones, there are 2/);
  });
});
