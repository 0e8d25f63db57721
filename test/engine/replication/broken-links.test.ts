import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runReplicated, windowCounts, windowLines, windowRun } from "./replicated-run.ts";

/** Events from the deployment over which connections are open, used for the first time and in full use. */
const LATEST = 400;

describe("a replicated job whose workers lose their connections to each other", () => {
  it("goes on without what one of them cost and ends, whenever it breaks", () => {
    let broken = 0;
    let lost = 0;
    for (let killAfter = 0; killAfter < LATEST; killAfter += 5) {
      const pair = killAfter % 3;
      const { rows, lostReplicas } = runReplicated({
        ...windowRun(killAfter),
        killAfter,
        maxVirtualUs: 10_000_000,
        strike: ({ network }) => {
          // The first hosts what has no replica.
          broken += network.breakConnections(`worker-${pair}`, `worker-${(pair + 1) % 3}`);
        },
      });
      assert.deepEqual(windowLines(rows).toSorted(), windowCounts(), `after ${killAfter}`);
      lost += lostReplicas;
    }
    assert.ok(broken > 30 && lost > 10, `${broken} connections, ${lost} replicas lost`);
  });
});
