import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { DEFAULT_CHECKPOINTS } from "../../../engine/cluster/job-spec.ts";
import type { CheckpointStore, World } from "../../../engine/ports.ts";
import type { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { collectedFile } from "../../../engine/simulation/collected-file.ts";
import { countCluster, countSpec, rowsOf } from "./count-cluster.ts";

const ROWS = 20_000;

/** Many more than there are transactional ids. */
const FAILURES = 12;

/** A store that takes nothing whose path begins with `bad/`, from workers (`snapshots`) or from the coordinator (`metadata`). */
function refusing(what: "snapshots" | "metadata") {
  return (world: World, process: string): World => {
    if ((process === "coordinator") !== (what === "metadata")) return world;
    const { store } = world;
    const write: CheckpointStore["write"] = (path, bytes, done) => {
      if (!path.startsWith("bad/")) store.write(path, bytes, done);
      else world.timers.soon(() => done(new FaultlineError("checkpoint-failed", "this folder is full")));
    };
    const create: CheckpointStore["create"] = (path) =>
      collectedFile(world.timers.soon, (bytes, done) => write(path, bytes, done));
    return { ...world, store: { ...store, write, create } };
  };
}

/** Takes one savepoint after the other that fails, and stops with one that does not. */
function runWithFailures(cluster: SimulatedCluster, failures: number): void {
  const { client } = cluster;
  const checkpoints = { ...DEFAULT_CHECKPOINTS, intervalUs: 0 };
  const job = countSpec({ recovery: "passive", guarantee: "exactly-once", checkpoints, bounded: false });
  client.submit(job, 2);
  cluster.runUntil(() => client.stateOf("j")?.state === "running", "running");
  for (let number = 1; number <= failures; number++) {
    client.send({ type: "savepoint", jobId: "j", folder: `bad/${number}`, stop: false });
    cluster.runUntil(() => client.savepoints.length === number, `savepoint ${number}`);
    assert.match(
      client.savepoints.at(-1)!.failure!.message,
      /this folder is full/,
      JSON.stringify(client.states.at(-1)),
    );
  }
  client.send({ type: "drain", jobId: "j" });
  cluster.runUntil(() => client.hasEnded("j"), "end");
}

function rightRows(): Map<string, number> {
  const cluster = countCluster({ seed: 1, workers: 2, rows: ROWS });
  runWithFailures(cluster, 0);
  return rowsOf(cluster);
}

describe("a job whose savepoints fail again and again", () => {
  const right = rightRows();

  for (const what of ["snapshots", "metadata"] as const) {
    it(`goes on with the transactional ids that it has, and puts out all rows once (${what})`, () => {
      for (const seed of [1, 2, 3]) {
        const cluster = countCluster({ seed, workers: 2, rows: ROWS, tamper: refusing(what) });
        runWithFailures(cluster, FAILURES);
        const { state, attempt } = cluster.client.stateOf("j")!;
        assert.deepEqual([state, attempt], ["finished", 1], `seed ${seed}`);
        assert.deepEqual(rowsOf(cluster), right, `seed ${seed}`);
      }
    });
  }
});
