import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { Random } from "../../../../base/random.ts";
import { KaZooOrdering } from "../../../../engine/merge/kazoo-ordering.ts";
import { Terms } from "../../../../engine/replication/terms.ts";
import type { SimulatedCluster } from "../../../../engine/simulation/cluster.ts";
import {
  clusterFor,
  ELECTION,
  KAZOO,
  type ReplicatedRun,
  specOf,
  windowCounts,
  windowLines,
  windowRun,
  workersByTurn,
} from "../replicated-run.ts";

const base = (seed: number, changes: Partial<ReplicatedRun> = {}): ReplicatedRun => ({
  ...windowRun(seed),
  replication: KAZOO,
  election: ELECTION,
  ...changes,
});

const linesOf = ({ topics }: SimulatedCluster) => windowLines(topics.records("out", 0)).toSorted();

const restarts = ({ client }: SimulatedCluster) => client.states.filter(({ state }) => state === "restarting").length;

interface Sums {
  kills: number;
  lostSessions: number;
  lostContacts: number;
  pauses: number;
  outages: number;
}

/** What may happen to a worker with replicas: its death, a session that the election gives up or does not hear of, a pause, a log that is out. */
function disturb(cluster: SimulatedCluster, random: Random, left: { kills: number }, sums: Sums): void {
  const victims = workersByTurn(cluster).slice(1);
  const victim = victims[random.below(victims.length)];
  if (victim === undefined || !victim.alive) return;
  const what = random.below(5);
  if (what === 0 && left.kills > 0) {
    left.kills--;
    sums.kills++;
    victim.kill();
  } else if (what === 1) {
    sums.lostSessions++;
    cluster.election.loseSession(victim, random.below(40_000));
  } else if (what === 2) {
    sums.lostContacts++;
    cluster.election.loseContact(victim, random.below(60_000));
  } else if (what === 3) {
    sums.pauses++;
    victim.pause(random.below(60_000));
  } else if (what === 4) {
    sums.outages++;
    cluster.log.outages.cutOff(victim.name, random.below(80_000));
  }
}

/** Runs the job to its end in a rough world; `disturb` strikes now and then. */
function disturbed(seed: number, sums: Sums): SimulatedCluster {
  const random = new Random(seed);
  const factor = 2 + (seed % 3);
  const replication = { ...KAZOO, factor, sources: seed % 5 === 0 };
  const run = base(seed, { workers: factor + 1, replication, rough: true });
  const cluster = clusterFor(run);
  const { client, universe } = cluster;
  client.submit(specOf(run), run.workers);
  cluster.runUntil(() => client.stateOf("j")?.state === "running" || client.hasEnded("j"), "running");
  const left = { kills: factor - 1 };
  let next = universe.queue.steps + random.below(300);
  cluster.runUntil(() => {
    if (universe.queue.steps >= next) {
      next = universe.queue.steps + random.below(600);
      disturb(cluster, random, left, sums);
    }
    return client.hasEnded("j");
  }, "end");
  return cluster;
}

afterEach(() => mock.restoreAll());

describe("a replicated job under KaZoo", () => {
  it("gives the right windows with 2 to 4 replicas, without a fault", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const factor = 2 + (seed % 3);
      const run = base(seed, { workers: factor + 1, replication: { ...KAZOO, factor } });
      const cluster = clusterFor(run);
      cluster.client.submit(specOf(run), run.workers);
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
      assert.equal(cluster.client.stateOf("j")?.state, "finished", cluster.client.stateOf("j")?.failure?.message);
      assert.deepEqual(linesOf(cluster), windowCounts(), `seed ${seed}`);
    }
  });

  it("gives the right windows whatever happens to workers with replicas, at whatever step, and never restarts", () => {
    const sums = { kills: 0, lostSessions: 0, lostContacts: 0, pauses: 0, outages: 0 };
    for (let seed = 1; seed <= 150; seed++) {
      const cluster = disturbed(seed, sums);
      const { state, failure } = cluster.client.stateOf("j")!;
      assert.equal(state, "finished", `seed ${seed}: ${failure?.message}`);
      assert.equal(restarts(cluster), 0, `seed ${seed}`);
      assert.deepEqual(linesOf(cluster), windowCounts(), `seed ${seed}`);
    }
    for (const [what, count] of Object.entries(sums)) assert.ok(count > 40, `${what}: ${count}`);
  });

  for (const [defect, plant] of [
    ["orders of deposed leaders count", () => mock.method(Terms.prototype, "counts", () => true)],
    ["claims do not depose", () => mock.method(Terms.prototype, "onClaim", () => true)],
    ["a follower never leads", () => mock.method(KaZooOrdering.prototype, "begin", () => {})],
  ] as const) {
    it(`is found out by some seed when ${defect}`, () => {
      plant();
      const problems: string[] = [];
      for (let seed = 1; seed <= 60 && problems.length === 0; seed++) {
        try {
          const cluster = disturbed(seed, { kills: 0, lostSessions: 0, lostContacts: 0, pauses: 0, outages: 0 });
          if (restarts(cluster) > 0 || linesOf(cluster).join() !== windowCounts().join()) problems.push("wrong rows");
        } catch (error) {
          problems.push(String(error));
        }
      }
      assert.equal(problems.length, 1, "no seed has found the defect");
    });
  }
});
