import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Circumstances, notJudged, permitted, violations } from "../../../harness/analyze/guarantee.ts";
import { recoveryAfter, unplannedRestarts } from "../../../harness/analyze/job-states.ts";
import type { JobStateRecord } from "../../../harness/systems/system.ts";
import { afterLossOf } from "../../../harness/verify/after-loss.ts";

const STRUCK: Circumstances = {
  guarantee: "exactly-once",
  countsTwice: false,
  afterLoss: "changed",
  struck: true,
  endedEarly: false,
};
const kinds = (view: "committed" | "uncommitted", change: Partial<Circumstances>) =>
  [...permitted(view, { ...STRUCK, ...change })].sort();

describe("what a guarantee permits", () => {
  it("is nothing at all while nothing was broken", () => {
    for (const guarantee of ["exactly-once", "at-least-once", "at-most-once"]) {
      for (const view of ["committed", "uncommitted"] as const) {
        assert.deepEqual(kinds(view, { guarantee, struck: false, countsTwice: true }), []);
      }
    }
  });

  it("after a fault, by guarantee and reader", () => {
    assert.deepEqual(kinds("committed", {}), []);
    assert.deepEqual(kinds("uncommitted", {}), ["duplicate"]);
    assert.deepEqual(kinds("uncommitted", { guarantee: "at-least-once" }), ["duplicate"]);
    assert.deepEqual(kinds("uncommitted", { guarantee: "at-most-once", afterLoss: "subset" }), ["lost"]);
    const anything = ["duplicate", "lost", "unexpected", "wrong"];
    assert.deepEqual(kinds("uncommitted", { guarantee: "at-most-once" }), anything);
    assert.deepEqual(kinds("uncommitted", { guarantee: "at-least-once", countsTwice: true }), anything);
    const joined = { guarantee: "at-least-once", countsTwice: true, afterLoss: "subset" } as const;
    assert.deepEqual(kinds("uncommitted", joined), ["duplicate"]);
    assert.deepEqual(kinds("uncommitted", { guarantee: "a new one" }), []);
  });

  it("never covers outputs before their time or out of order", () => {
    const none = { expected: 9, observed: 9, matched: 5, lost: 1, duplicate: 1, wrong: 1, unexpected: 1 };
    const found = { ...none, premature: 1, outOfOrder: 2 };
    assert.deepEqual(violations(found, permitted("uncommitted", { ...STRUCK, guarantee: "at-most-once" })), [
      "1 premature",
      "2 out of order",
    ]);
  });

  it("is said where rows cannot be judged, and only there", () => {
    assert.equal(notJudged(STRUCK), null);
    assert.equal(notJudged({ ...STRUCK, guarantee: "at-least-once" }), null);
    assert.equal(notJudged({ ...STRUCK, guarantee: "at-most-once", afterLoss: "subset" }), null);
    assert.equal(notJudged({ ...STRUCK, guarantee: "at-most-once", struck: false }), null);
    assert.match(notJudged({ ...STRUCK, guarantee: "at-most-once" })!, /loses input and state/);
    assert.match(notJudged({ ...STRUCK, guarantee: "at-least-once", countsTwice: true })!, /counts some input twice/);
  });

  it("takes only stateless queries and joins of whole events for subsets", () => {
    for (const id of ["q0", "q1", "q2", "q3", "q8"]) assert.equal(afterLossOf({ id }), "subset");
    for (const id of ["q5", "q7", "q9", "q11", "q19", "bettercloud", "my-own"])
      assert.equal(afterLossOf({ id }), "changed");
  });
});

describe("the job's own log", () => {
  const state = (name: JobStateRecord["state"], attempt: number, atUs: number): JobStateRecord => ({
    ...{ state: name, attempt, atUs },
    ...{ cause: null, restored: null },
  });
  const killedTwice = [
    state("running", 1, 10),
    state("restarting", 1, 120),
    state("deploying", 2, 130),
    state("restarting", 2, 140),
    state("deploying", 3, 150),
    state("running", 3, 170),
  ];

  it("gives the steps of the recovery that came through", () => {
    const steps = { detectedUs: 120, deployingUs: 150, runningUs: 170 };
    assert.deepEqual(recoveryAfter(killedTwice, 100, 1_000), steps);
    assert.deepEqual(recoveryAfter(killedTwice, 125, 1_000), { ...steps, detectedUs: 140 });
    assert.deepEqual(recoveryAfter(killedTwice, 200, 1_000), { detectedUs: null, deployingUs: null, runningUs: null });
    assert.deepEqual(recoveryAfter(killedTwice, 100, 110), { detectedUs: null, deployingUs: null, runningUs: null });
    assert.deepEqual(recoveryAfter(killedTwice.slice(0, 2), 100, 1_000), {
      ...{ detectedUs: 120, deployingUs: null, runningUs: null },
    });
  });

  it("blames nobody for restarts after a fault, and nobody else for those before one", () => {
    const struck = (fromUs: number, toUs = fromUs) => [{ fromUs, toUs }];
    assert.equal(unplannedRestarts(killedTwice, struck(100)).length, 0);
    assert.equal(unplannedRestarts(killedTwice, struck(130)).length, 1);
    assert.equal(unplannedRestarts(killedTwice, []).length, 2);
  });

  it("takes a restart long after a fault was over for unplanned, and one that follows another at once for its consequence", () => {
    const second = 1_000_000;
    const later = (us: number) => [...killedTwice, state("restarting", 3, us), state("running", 4, us + 50)];
    const fault = [{ fromUs: 100, toUs: 170 }];
    const unplanned = (us: number, toUs = 170) => unplannedRestarts(later(us), [{ fromUs: 100, toUs }]).length;
    assert.deepEqual([unplanned(9 * second), unplanned(11 * second)], [0, 1]);
    assert.equal(unplanned(35 * second, 30 * second), 0, "the fault lasted");
    const chain = [...later(9 * second), state("restarting", 4, 18 * second), state("running", 5, 19 * second)];
    assert.equal(unplannedRestarts(chain, fault).length, 0, "one after the other");
    assert.equal(unplannedRestarts([...chain, state("restarting", 5, 30 * second)], fault).length, 1);
  });
});
