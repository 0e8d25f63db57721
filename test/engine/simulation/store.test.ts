import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { CALM, SOUND_STORE, type StoreConditions } from "../../../engine/simulation/conditions.ts";
import { SimulatedStore } from "../../../engine/simulation/store.ts";
import { promised, type StoreUnderTest, storeContract } from "../shell/file-store-contract.ts";

function create(conditions: Partial<StoreConditions> = {}, seed = 1) {
  const cluster = new SimulatedCluster({
    seed,
    workers: 0,
    modules: new Map(),
    suppliers: new Map(),
    batchRecords: 1,
    onRecord: null,
    maxSteps: 1_000_000,
    maxVirtualUs: 1_000_000_000,
    conditions: { ...CALM, store: { ...SOUND_STORE, ...conditions } },
  });
  const process = cluster.startProcess("p");
  const simulated = new SimulatedStore(cluster.universe);
  const underTest: StoreUnderTest = {
    store: simulated.bind(process),
    wait: async (answered) => {
      let isAnswered = false;
      void answered.then(() => {
        isAnswered = true;
      });
      let passed = false;
      cluster.universe.queue.at(cluster.universe.nowUs + 1_000_000, () => {
        passed = true;
      });
      cluster.runUntil(() => passed, "answer");
      await Promise.resolve();
      await Promise.resolve();
      assert.ok(isAnswered, "no answer within a second");
    },
    end: async () => {},
  };
  return { underTest, simulated, cluster, process };
}

describe("the simulated store of checkpoints", () => {
  storeContract(async () => create().underTest);

  it("is slow, refuses or damages now and then, as the conditions say", async () => {
    const conditions = {
      slow: { oneIn: 5, latencyUs: { min: 50_000, max: 60_000 } },
      failedWriteOneIn: 4,
      tornWriteOneIn: 4,
    };
    const { underTest, simulated } = create(conditions, 7);
    const store = promised(underTest);
    const bytes = Uint8Array.from({ length: 50 }, (_, index) => index);
    const outcomes = { failed: 0, torn: 0, whole: 0 };
    for (let index = 0; index < 200; index++) {
      if ((await store.write(`f${index}`, bytes)) !== null) {
        outcomes.failed++;
        assert.equal((await store.read(`f${index}`)).error, "snapshot-missing");
      } else {
        const { value } = await store.read(`f${index}`);
        outcomes[Buffer.from(value!).equals(Buffer.from(bytes)) ? "whole" : "torn"]++;
      }
    }
    const { slow, failedWrites, tornWrites } = simulated.counts;
    assert.deepEqual([outcomes.failed, outcomes.torn], [failedWrites, tornWrites]);
    assert.ok(failedWrites > 20 && tornWrites > 15 && slow > 40, JSON.stringify(simulated.counts));
    assert.deepEqual(bytes[7], 7, "what the writer holds is left alone");
  });

  it("outlives the processes: what one has written another reads, and the dead hear nothing", async () => {
    const { simulated, cluster, process } = create();
    const told: string[] = [];
    simulated.bind(process).write("a", new Uint8Array(3), () => {
      told.push("written");
      process.kill();
      simulated.bind(process).read("a", () => told.push("heard by the dead"));
    });
    const other = cluster.startProcess("other");
    cluster.runUntil(() => !process.alive, "death");
    simulated.bind(other).read("a", (_error, bytes) => told.push(`${bytes!.length} bytes`));
    cluster.runUntil(() => told.length === 2, "answer");
    assert.deepEqual(told, ["written", "3 bytes"]);
  });
});
