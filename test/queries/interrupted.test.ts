import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { importFactory } from "../../engine/shell/load-job.ts";
import { SOUND_STORE } from "../../engine/simulation/conditions.ts";
import { wrongRows } from "../../harness/simulate/compare.ts";
import { drawPassive } from "../../harness/simulate/draw-passive.ts";
import type { DrawnRun } from "../../harness/simulate/draw-run.ts";
import { inputOf } from "../../harness/simulate/input.ts";
import type { DrawnFault, FaultTrigger, PassiveProtection } from "../../harness/simulate/protection.ts";
import { runSeed } from "../../harness/simulate/run-seed.ts";
import { clusterOfRun, JOB_ID, jobOfRun, rowsOfRun } from "../../harness/simulate/simulated-job.ts";
import { findQuery, generatorOf, queryIds } from "../../queries/registry.ts";

const SEEDS = [1, 2, 3, 4];

const kill = (on: FaultTrigger["on"], nth: number, delayUs: number): DrawnFault => ({
  kind: "kill",
  trigger: { on, nth, delayUs },
  victim: 7 * nth + delayUs,
  other: 0,
  otherEnd: "worker",
  ofCoordinator: false,
  way: "both",
  store: "hangs",
  lengthUs: 0,
});

/** What a user's job must survive without anybody's noticing it in its output. */
const INTERRUPTIONS: Readonly<Record<string, readonly DrawnFault[]>> = {
  "run straight": [],
  "killed after a checkpoint": [kill("completed", 1, 50)],
  "killed twice": [kill("completed", 1, 50), kill("completed", 2, 10)],
  "killed during its recovery": [kill("completed", 1, 20), kill("restoring", 1, 300)],
};

/** A drawn run of two to four workers under exactly-once, with nothing but these faults. */
function draw(id: string, seed: number, faults: readonly DrawnFault[]): DrawnRun {
  const run = drawPassive(findQuery(id), seed, { guarantee: "exactly-once", faults: [] });
  const passive = run.protection as PassiveProtection;
  return {
    ...run,
    workers: 2 + (seed % 3),
    conditions: { ...run.conditions, store: SOUND_STORE, pauses: null, failovers: null },
    protection: {
      ...passive,
      restart: { kind: "fixed-delay", attempts: 10, delayUs: 0 },
      checkpoints: {
        ...passive.checkpoints,
        // BetterCloud's events come after four seconds of virtual time.
        intervalUs: generatorOf(run.query) === "bettercloud" ? 500_000 : 2_000,
        // Barriers wait behind rows, and some channels take hardly any.
        timeoutUs: 60_000_000,
        toleratedFailures: 10,
        retain: 2,
      },
      faults,
    },
  };
}

for (const id of queryIds()) {
  describe(`${id}, interrupted`, () => {
    for (const [how, faults] of Object.entries(INTERRUPTIONS)) {
      it(`gives the oracle's rows when ${how}`, async () => {
        let restored = 0;
        for (const seed of SEEDS) {
          const { problem, situations, traceTail } = await runSeed(draw(id, seed, faults));
          assert.equal(problem, null, `seed ${seed}: ${problem}\n${traceTail.join("\n")}`);
          restored += Math.min(faults.length, situations.restored ?? 0);
        }
        assert.ok(restored >= faults.length, `only ${restored} attempts began from a checkpoint`);
      });
    }

    it("gives the oracle's rows when it is stopped with a savepoint and another job goes on from there", async () => {
      for (const seed of SEEDS) await stopAndGoOn(draw(id, seed, []));
    });
  });
}

async function stopAndGoOn(run: DrawnRun): Promise<void> {
  const input = inputOf(run);
  const job = jobOfRun(run, input);
  const factory = await importFactory(run.query.job.href);
  const cluster = clusterOfRun(run, input, new Map([[job.module, factory]]), {});
  const { client, universe } = cluster;
  const end = (jobId: string) => cluster.runUntil(() => client.hasEnded(jobId), `end of ${jobId}`);
  // It would end by itself: as long as it is not bounded, it waits to be stopped.
  client.submit({ ...job, bounded: false }, run.workers);
  cluster.runUntil(() => client.stateOf(JOB_ID)?.state === "running", "running");
  const atUs = universe.nowUs + run.seed * 1_500;
  cluster.runUntil(() => universe.nowUs >= atUs, "time of the savepoint");
  client.send({ type: "savepoint", jobId: JOB_ID, folder: "kept/one", stop: true });
  cluster.runUntil(() => client.savepoints.length > 0, "answer");
  assert.equal(client.savepoints[0]?.failure?.message, undefined, `seed ${run.seed}`);
  end(JOB_ID);
  assert.equal(client.stateOf(JOB_ID)?.state, "finished", client.stateOf(JOB_ID)?.failure?.message);
  client.submit({ ...job, jobId: "next", restoreFrom: "kept/one" }, run.workers);
  end("next");
  assert.equal(client.stateOf("next")?.state, "finished", client.stateOf("next")?.failure?.message);
  assert.notEqual(client.stateOf("next")?.restored, undefined);
  const { rows, unreadable } = rowsOfRun(run, cluster);
  assert.deepEqual(unreadable, []);
  // Controls that are read before the savepoint and after it meet events in another order.
  const isExact = input.isExact && run.data.generator !== "bettercloud";
  assert.equal(wrongRows(run, input.expected, isExact, rows), null, `seed ${run.seed}`);
}
