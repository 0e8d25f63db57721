import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../base/random.ts";
import type { FaultSpec } from "../../../harness/faults/schema.ts";
import { momentsOf, triggerText } from "../../../harness/faults/triggers.ts";

const LOAD = { warmupMs: 5_000, endMs: 20_000, dueMs: (event: number) => event / 10 };
type Trigger = Partial<Pick<FaultSpec, "at" | "afterEvents" | "every" | "count" | "poisson" | "checkpoint" | "nth">>;
const fault = (trigger: Trigger): FaultSpec => ({ kind: "kill", target: "worker/1", ...trigger });

function times(trigger: Trigger, seed = 1): number[] {
  return momentsOf(fault(trigger), LOAD, new Random(seed)).map((moment) => {
    assert.equal(moment.kind, "time");
    return moment.kind === "time" ? moment.atMs : Number.NaN;
  });
}

describe("moments of a fault", () => {
  it("come at a time, or when an event is due", () => {
    assert.deepEqual(times({ at: 7_000 }), [7_000]);
    assert.deepEqual(times({ afterEvents: 100_000 }), [9_999.9], "when the 100,000th is due, not the one behind it");
  });

  it("come again and again between warm-up and end of the load", () => {
    assert.deepEqual(times({ every: 4_000 }), [8_000, 12_000, 16_000]);
    assert.deepEqual(times({ every: 5_000 }), [5_000, 10_000, 15_000], "the end itself is behind the load");
    assert.deepEqual(times({ every: 4_000, count: 2 }), [8_000, 12_000]);
    assert.deepEqual(times({ every: 30_000 }), []);
  });

  it("are drawn evenly from the measured part, the same for the same seed", () => {
    const drawn = Array.from({ length: 2_000 }, (_, seed) => times({ at: "random" }, seed)[0]!);
    assert.ok(drawn.every((at) => at >= 5_000 && at < 20_000));
    const mean = drawn.reduce((sum, at) => sum + at, 0) / drawn.length;
    assert.ok(Math.abs(mean - 12_500) < 400, `mean ${mean}`);
    assert.deepEqual(times({ at: "random" }, 3), times({ at: "random" }, 3));
  });

  it("of a Poisson process have exponential gaps", () => {
    const counts = Array.from({ length: 2_000 }, (_, seed) => times({ poisson: { mean: 5_000 } }, seed).length);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
    // 15 s at one in 5 s: three on average, and of a Poisson number the variance is the mean.
    assert.ok(Math.abs(mean - 3) < 0.15, `mean ${mean}`);
    assert.ok(Math.abs(variance - 3) < 0.4, `variance ${variance}`);
    const drawn = times({ poisson: { mean: 500 } }, 4);
    assert.ok(drawn.length > 10 && drawn.every((at, n) => at >= 5_000 && at < 20_000 && at > (drawn[n - 1] ?? 0)));
    assert.equal(times({ poisson: { mean: 0.001 } }).length, 10_000, "bounded");
  });

  it("in a checkpoint are known only when it comes", () => {
    const moments = momentsOf(fault({ checkpoint: "inAlignment", nth: 3 }), LOAD, new Random(1));
    assert.deepEqual(moments, [{ kind: "checkpoint", phase: "inAlignment", nth: 3 }]);
  });

  it("say in words what asked for them", () => {
    const triggers: Trigger[] = [
      { at: 5 },
      { at: "random" },
      { afterEvents: 9 },
      { every: 7 },
      { poisson: { mean: 3 } },
      { checkpoint: "beforeBarrier" },
    ];
    assert.deepEqual(
      triggers.map((trigger) => triggerText(fault(trigger))),
      ["at 5 ms", "at random", "after 9 events", "every 7 ms", "poisson, mean 3 ms", "checkpoint beforeBarrier, nth 1"],
    );
  });
});
