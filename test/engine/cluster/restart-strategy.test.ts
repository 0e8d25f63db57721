import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../../base/random.ts";
import type { RestartStrategy } from "../../../engine/cluster/job-spec.ts";
import { RestartDecider, restartTimedOut } from "../../../engine/cluster/restart-strategy.ts";

const LOST = { code: "worker-lost", message: "gone" };

/** What the strategy decides at each of these times: a delay, or "fail". `runs`: the job runs again at once after each restart. */
function decisions(strategy: RestartStrategy, timesUs: readonly number[], runs = true): readonly (number | "fail")[] {
  let nowUs = 0;
  const middle = { below: (bound: number) => bound >> 1 };
  const decider = new RestartDecider(strategy, { clock: { nowUs: () => nowUs }, random: middle });
  decider.onRunning();
  return timesUs.map((timeUs) => {
    nowUs = timeUs;
    const decision = decider.onFailure(LOST);
    if (runs) decider.onRunning();
    return decision.kind === "restart" ? decision.delayUs : "fail";
  });
}

const EXPONENTIAL = {
  kind: "exponential-delay",
  initialUs: 100,
  maxUs: 500,
  multiplier: 2,
  resetUs: 10_000,
  jitter: 0.1,
} as const;

const TABLE: readonly {
  readonly name: string;
  readonly strategy: RestartStrategy;
  readonly failuresUs: readonly number[];
  readonly decided: readonly (number | "fail")[];
}[] = [
  { name: "none: the first failure is the end", strategy: { kind: "none" }, failuresUs: [1], decided: ["fail"] },
  {
    name: "fixed delay: so many attempts over the job's life",
    strategy: { kind: "fixed-delay", attempts: 2, delayUs: 7 },
    failuresUs: [1, 5_000_000, 90_000_000],
    decided: [7, 7, "fail"],
  },
  {
    name: "fixed delay without attempts",
    strategy: { kind: "fixed-delay", attempts: 0, delayUs: 7 },
    failuresUs: [1],
    decided: ["fail"],
  },
  {
    name: "failure rate: as long as not more than so many come within any interval",
    strategy: { kind: "failure-rate", maxFailures: 2, intervalUs: 100, delayUs: 3 },
    failuresUs: [10, 60, 110, 160, 200],
    decided: [3, 3, 3, 3, "fail"],
  },
  {
    name: "exponential delay: it doubles up to the largest",
    strategy: EXPONENTIAL,
    failuresUs: [10, 20, 30, 40, 50],
    decided: [100, 200, 400, 500, 500],
  },
  {
    name: "exponential delay: it begins anew after running long enough, not a moment earlier",
    strategy: EXPONENTIAL,
    failuresUs: [10, 20, 10_019, 20_019, 20_020],
    decided: [100, 200, 400, 100, 200],
  },
];

describe("a restart strategy", () => {
  for (const { name, strategy, failuresUs, decided } of TABLE) {
    it(name, () => assert.deepEqual(decisions(strategy, failuresUs), decided));
  }

  it("does not take waiting for health: time in which the job did not run resets nothing", () => {
    assert.deepEqual(decisions(EXPONENTIAL, [10, 20, 50_000], false), [100, 200, 400]);
  });

  it("never tries again what fails the same way each time", () => {
    for (const code of ["job-invalid", "kafka-unsupported", "transaction-lost"]) {
      const world = { clock: { nowUs: () => 0 }, random: new Random(1) };
      const decider = new RestartDecider({ kind: "fixed-delay", attempts: 5, delayUs: 0 }, world);
      const failure = { code, message: "no" };
      assert.deepEqual(decider.onFailure(failure), { kind: "fail", failure });
    }
  });

  it("says how often it was tried when it gives up, and keeps the cause", () => {
    const world = { clock: { nowUs: () => 0 }, random: new Random(1) };
    const decider = new RestartDecider({ kind: "fixed-delay", attempts: 2, delayUs: 0 }, world);
    decider.onFailure(LOST);
    decider.onFailure(LOST);
    const failure = { code: "worker-lost", message: "gone (given up after 2 restarts)" };
    assert.deepEqual(decider.onFailure(LOST), { kind: "fail", failure });
  });

  it("draws each delay from its range, all over it: jobs that failed together do not come back together", () => {
    const drawn = new Set<number>();
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const world = { clock: { nowUs: () => 0 }, random: new Random(seed) };
        const decider = new RestartDecider({ ...EXPONENTIAL, initialUs: 1000, maxUs: 1000 }, world);
        const decision = decider.onFailure(LOST);
        assert.ok(decision.kind === "restart" && decision.delayUs >= 900 && decision.delayUs <= 1100);
        drawn.add(decision.delayUs);
      }),
    );
    assert.ok(drawn.size > 30 && Math.min(...drawn) < 930 && Math.max(...drawn) > 1070, `${drawn.size} different`);
  });
});

describe("a restart that does not come about", () => {
  it("says what it waited for, and why it was needed", () => {
    const nobody = restartTimedOut([], "there is no worker", "w0 is lost");
    assert.match(nobody.message, /within 30 s, there is no worker; .* w0 is lost/);
    assert.match(restartTimedOut(["map/0"], "nobody", "x").message, /tasks have not ended: map\/0/);
  });
});
