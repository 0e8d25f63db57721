import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { LiveRobin } from "../../../engine/merge/live-robin.ts";
import { TimeBias } from "../../../engine/merge/time-bias.ts";
import { KAZOO, runReplicated, windowCounts, windowLines } from "./replicated-run.ts";
import { skewedDiamondRun } from "./skewed-diamond.ts";

afterEach(() => mock.restoreAll());

describe("a skewed diamond with windows of one frame", () => {
  for (const replication of [{ merge: "liveRobin" }, { merge: "timeBias" }, KAZOO] as const) {
    it(`goes through under ${replication.merge}, replicas dying or not`, () => {
      for (let seed = 1; seed <= 12; seed++) {
        const killAfter = seed % 2 === 0 ? seed * 40 : null;
        const { rows } = runReplicated({ ...skewedDiamondRun(seed, replication), rough: seed > 6, killAfter });
        assert.deepEqual(windowLines(rows).toSorted(), windowCounts(), `seed ${seed}`);
      }
    });
  }

  for (const [replication, policy] of [
    [{ merge: "liveRobin" }, LiveRobin],
    [{ merge: "timeBias" }, TimeBias],
  ] as const) {
    it(`hangs under ${replication.merge} in some seed when no channel may exceed its bound`, () => {
      mock.method(policy.prototype, "mayExceed", () => false);
      const hangs = (seed: number) => {
        try {
          runReplicated({ ...skewedDiamondRun(seed, replication), rough: seed > 6 });
          return false;
        } catch (error) {
          assert.match(String(error), /no end of the job within 10 s of virtual time/);
          return true;
        }
      };
      assert.ok([5, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12].some(hangs));
    });
  }
});
