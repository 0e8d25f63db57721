import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { METRICS } from "../../../harness/analyze/compare/metrics.ts";
import { nightsUntilAlarm } from "../../../harness/nightly/detection-delay.ts";
import { slowedCampaign } from "../../../harness/nightly/planted-slowdown.ts";
import { proveAlarm } from "../../../harness/nightly/proof.ts";
import { HERE } from "../../../harness/nightly/runner.ts";
import { tripwire } from "../../../harness/nightly/tripwire.ts";
import { fakeRunner, historyOf, laneOf, type World } from "./fake-night.ts";

const WORLD: World = { codeOf: () => 1, commit: "good" };

function prove(world: World, history: Parameters<typeof proveAlarm>[0]["history"] = [], blocks = 12) {
  const runner = fakeRunner(40, world);
  const run = async (side: string, block: number) => {
    const job = { config: "c", cell: null, folder: `${side}-${block}` };
    const campaign = await runner.run({ commit: HERE, root: "" }, job);
    // A turn has one repetition, and so another hash than the lane.
    return { ...campaign, manifest: { ...campaign.manifest, configHash: "0fa11" } };
  };
  const options = { blocks, seed: 1, gates: ["p50", "cpu"], configHash: "c0ffee", isOver: () => false };
  return proveAlarm({ ...options, run, history });
}

describe("the proof of the alarm", () => {
  it("is quiet on equal sides, finds what is planted, and keeps both in the history", async () => {
    const { history } = await historyOf(20, WORLD);
    const proof = (await prove(WORLD, history))!;
    assert.equal(proof.isProven, true);
    assert.deepEqual(
      proof.rows.map(({ metric, outcome }) => `${metric} ${outcome}`),
      ["p50 proof-quiet", "cpu proof-quiet", "p50 proof-fired", "cpu proof-fired"],
    );
    assert.ok(Math.abs(proof.slow[0]!.finding.change! - 0.15) < 0.05);
    assert.equal(proof.falseAlarmShare, 0);
    assert.deepEqual(
      proof.delays.map(({ cell, metric }) => `${cell} ${metric}`),
      ["q0 p50", "q0 cpu"],
    );
    for (const { nights } of proof.delays) assert.ok(nights !== null && nights >= 1 && nights <= 6, `${nights}`);
    assert.ok(proof.rows.every(({ config }) => config === "c0ffee"));
    assert.ok(proof.rows.every(({ delayNights, falseAlarmShare }) => delayNights! <= 6 && falseAlarmShare === 0));
  });

  it("fails where +15 % drowns in noise, or where equal sides differ", async () => {
    assert.equal((await prove({ ...WORLD, noise: 0.5 }))!.isProven, false);
    // The second side of every block is slower: an alarm that fires on nothing.
    const runner = fakeRunner(1, WORLD);
    const unfair = await proveAlarm({
      ...{ blocks: 12, seed: 1, gates: ["p50"], configHash: "c0ffee", isOver: () => false, history: [] },
      run: async (side, block) => {
        const campaign = await runner.run({ commit: HERE, root: "" }, { config: "c", cell: null, folder: `${block}` });
        return side === "new" ? slowedCampaign(campaign, 1.3) : campaign;
      },
    });
    assert.equal(unfair!.isProven, false);
    assert.equal(unfair!.rows[0]!.outcome, "proof-false-alarm");
  });

  it("names no delay where one of the series would have missed it", async () => {
    const { history } = await historyOf(20, WORLD);
    let night = 0;
    const loud = history.map((row) =>
      row.metric === "cpu" && !row.canary
        ? { ...row, median: row.median! * [0.5, 1.3, 1, 1.6, 0.8][night++ % 5]! }
        : row,
    );
    const proof = (await prove(WORLD, loud))!;
    const found = Object.fromEntries(proof.delays.map(({ metric, nights }) => [metric, nights]));
    assert.ok(found.p50 !== null && found.cpu === null, JSON.stringify(found));
    assert.ok(proof.rows.every(({ delayNights }) => delayNights === null));
  });

  it("counts the nights that suspected what was not there", async () => {
    const { history } = await historyOf(10, WORLD);
    const wrong = history.map((row, i) => (i === 4 * 9 ? { ...row, outcome: "not-confirmed" as const } : row));
    const proof = await prove(WORLD, wrong);
    // Five of the ten nights were judged, one of them suspected something.
    assert.equal(proof!.falseAlarmShare, 0.2);
  });
});

describe("a planted slow-down", () => {
  it("slows every metric of which less is better, and no instrument", () => {
    const campaign = laneOf(1, WORLD);
    const slow = slowedCampaign(campaign, 1.15);
    const [before, after] = [campaign.results[0]!, slow.results[0]!];
    for (const name of ["p50", "p90", "p99", "cpu"]) {
      const metric = METRICS.find((one) => one.name === name)!;
      const ratio = metric.of(after)!.value / metric.of(before)!.value;
      assert.ok(Math.abs(ratio - 1.15) < 1e-9, `${name}: ${ratio}`);
      assert.equal(metric.canary!.of(after), metric.canary!.of(before), name);
    }
  });
});

describe("the tripwire", () => {
  it("is three deviations, and 15 % at least", () => {
    const quiet = [100, 101, 99, 100, 100];
    assert.deepEqual(tripwire(quiet, 115, "lower").side, "within");
    assert.deepEqual(tripwire(quiet, 116, "lower"), { change: 116 / 100 - 1, bound: 0.15, side: "worse" });
    assert.equal(tripwire(quiet, 84, "lower").side, "better");
    assert.equal(tripwire(quiet, 84, "higher").side, "worse");
    const loud = [80, 90, 100, 110, 120];
    assert.equal(tripwire(loud, 129, "lower").side, "within");
    assert.equal(tripwire(loud, 131, "lower").side, "worse");
  });
});

describe("the delay of detection", () => {
  it("is told by replaying the history", () => {
    const flat = Array.from({ length: 30 }, (_, i) => 100 + (i % 3));
    assert.equal(nightsUntilAlarm(flat, 1.3, "lower"), 1);
    const small = nightsUntilAlarm(flat, 1.1, "lower");
    assert.ok(typeof small === "number" && small > 1 && small < 8, `${small}`);
    assert.equal(nightsUntilAlarm(flat, 1.3, "higher"), 1);
    assert.equal(nightsUntilAlarm(flat.slice(0, 10), 1.3, "lower"), "too-short");
    assert.equal(nightsUntilAlarm(flat, 1.01, "lower"), null);
  });
});
