import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { analyzeRun } from "../../../harness/analyze/analyze-run.ts";
import { ExcessLatency } from "../../../harness/analyze/faults/excess-latency.ts";
import { OutputTimeline } from "../../../harness/analyze/faults/output-timeline.ts";
import type { FaultRecord } from "../../../harness/faults/model.ts";
import { story } from "../../../harness/report/html/faults.ts";
import { type Output, START_US, temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

const FAULT_US = START_US + 2_500_000;
const BACK_US = START_US + 3_000_000;
const FAULTS = [{ kind: "kill", target: "worker/1", at: "2500ms" }];

const RECORD: FaultRecord = {
  version: 1,
  index: 0,
  kind: "kill",
  target: "worker/1",
  role: "worker-1",
  pid: 11,
  requestedUs: FAULT_US - 1_000,
  injectedUs: FAULT_US - 1_000,
  observedUs: FAULT_US,
  detectedUs: FAULT_US + 20_000,
  recoveredUs: FAULT_US + 60_000,
  victim: { tasks: ["source/0"], recordsIn: 2_500, recordsJustBefore: 400, overMs: 400 },
  evidence: ["process 11 is gone"],
  problem: null,
};

/** From the fault on nothing comes until `BACK_US`, then everything that was due meanwhile at once. */
const stall = (outputs: Output[]) => {
  for (const output of outputs) {
    if (output.observedUs > FAULT_US && output.observedUs < BACK_US) output.observedUs = BACK_US;
  }
  return outputs;
};

/** All that was out at `beforeUs` once more, at `BACK_US`. */
const replay = (outputs: Output[], beforeUs = FAULT_US) => {
  const again = outputs
    .filter(({ observedUs }) => observedUs <= beforeUs)
    .map((o) => ({ ...o, observedUs: BACK_US - 1 }));
  return [...outputs, ...again].sort((a, b) => a.observedUs - b.observedUs);
};

async function run(t: TestContext, tamper: (outputs: Output[]) => Output[], record: Partial<FaultRecord> | null = {}) {
  const folder = temporaryFolder(t);
  const settings = { recovery: "scratch", faults: FAULTS };
  const id = writeSyntheticRun(folder, { query: "q0", settings, tamper, latencyUs: () => 4_000 });
  if (record !== null) {
    writeFileSync(join(folder, "raw", id, "faults.jsonl"), `${JSON.stringify({ ...RECORD, ...record })}\n`);
  }
  return analyzeRun(folder, id);
}

const near = (found: number | null | undefined, wanted: number, within: number) =>
  assert.ok(found != null && Math.abs(found - wanted) <= within, `${found} for ${wanted} ± ${within}`);

describe("the analysis of a fault", () => {
  it("finds a planted gap, the outputs in flight, the catch-up, the excess, and every replayed output", async (t) => {
    let out = 0;
    const result = await run(t, (outputs) => {
      out = outputs.filter(({ observedUs }) => observedUs <= FAULT_US).length;
      return replay(stall(outputs));
    });
    assert.deepEqual([result.state, result.reasons], ["valid", []]);
    assert.equal(result.verified!.duplicate, out);
    assert.equal(result.verified!.lost, 0);
    const { observedMs, effect } = result.faults![0]!;
    assert.equal(observedMs, 2_500);
    assert.equal(effect!.detectionMs, 20);
    assert.deepEqual(effect!.firstOutput, { ms: 500, censored: false });
    assert.equal(effect!.gap!.censored, false);
    near(effect!.gap!.ms, 500, 3);
    near(effect!.gap!.fromMs, 2_500, 3);
    near(effect!.catchUp!.ms, 500, 20);
    assert.equal(effect!.before.p50Us, 4_000);
    near(effect!.after.maxUs, 504_000, 2_000);
    assert.equal(effect!.replayed, out);
    near(effect!.inFlight, 8, 3); // 4 ms at 2 a ms, of which q0 passes all bids
    // Outputs due over half a second, late by half of it in the mean, at about 1,840 bids a second.
    near(effect!.excessEventSeconds, 0.25 * 0.5 * 1_840, 12);
    const told = story(result.faults![0]!, result).text;
    assert.match(told, /2\.500 s into the load worker-1 \(process 11\) was gone \(kill\)/);
    assert.match(told, /noticed after 20\.0 ms and ran again after 60\.0 ms\. No new output came for 50\d ms/);
    assert.match(told, /outputs that were out already came again \(replayed\)\. Nothing was lost/);
  });

  it("censors what the end of the load cuts off", async (t) => {
    const endUs = START_US + 4_300_000;
    const { faults } = await run(t, (outputs) => {
      for (const output of outputs) if (output.observedUs > FAULT_US) output.observedUs = endUs;
      return outputs;
    });
    const { effect } = faults![0]!;
    assert.equal(effect!.gap!.ms >= 1_490 && effect!.catchUp!.censored, true);
    assert.deepEqual(effect!.catchUp, { ms: 1_500, censored: true });
  });

  it("does not excuse duplicates from before the fault, nor losses and forgeries after it", async (t) => {
    const early = await run(t, (outputs) => replay(stall(outputs)).toSpliced(100, 0, outputs[99]!));
    assert.equal(early.state, "failed");
    assert.match(early.reasons[0]!.message, /duplicate/);
    const lost = await run(t, (outputs) => replay(stall(outputs)).toSpliced(-10, 1));
    assert.deepEqual([lost.state, lost.verified!.lost], ["failed", 1]);
    assert.match(lost.reasons[0]!.message, /^1 lost of/);
  });

  it("calls a run invalid whose fault does not count, and takes no duplicates for replays then", async (t) => {
    for (const record of [{ problem: "ineffective: no state" }, { observedUs: null, problem: "did not go" }, null]) {
      const { state, reasons } = await run(t, (outputs) => outputs, record);
      assert.deepEqual([state, reasons.map(({ code }) => code)], ["invalid", ["fault-not-observed"]]);
    }
    const { state } = await run(t, (outputs) => replay(outputs), { problem: "ineffective: no state" });
    assert.equal(state, "failed");
  });
});

describe("an output timeline", () => {
  const timeline = new OutputTimeline(1_000_000, 2_000_000);
  for (const [dueUs, observedUs] of [
    [1_000_000, 1_000_500],
    [1_000_000, 1_000_700],
    [1_100_000, 1_400_001],
    [1_200_000, 1_450_000],
    [1_500_000, 1_500_001],
  ] as const) {
    timeline.add(dueUs, observedUs);
  }

  it("knows outputs to the µs and the longest time between two", () => {
    assert.equal(timeline.firstAfter(1_000_500), 1_000_700);
    assert.equal(timeline.firstAfter(1_500_001), null);
    assert.equal(timeline.lastUpTo(1_400_000), 1_000_700);
    assert.deepEqual(timeline.longestGap(1_300_000, 1_600_000), { fromUs: 1_000_700, toUs: 1_400_001 });
    assert.deepEqual(timeline.longestGap(1_460_000, 1_600_000), { fromUs: 1_450_000, toUs: 1_500_001 });
    assert.equal(timeline.longestGap(1_550_000, 1_600_000), null);
  });

  it("knows what was overdue and when it was settled", () => {
    assert.equal(timeline.mostOverdue(1_000_000, 1_100_000), 0);
    assert.equal(timeline.mostOverdue(1_000_000, 1_600_000), 2);
    assert.equal(timeline.settledAfter(1_110_000, 1, 100_000, 2_000_000), 1_410_000);
    assert.equal(timeline.settledAfter(1_300_000, 0, 100_000, 1_400_000), null);
  });
});

it("the excess over a level is exact away from it", () => {
  const excess = new ExcessLatency();
  for (const us of [-5, 0, 100, 900, 5_000, 25_000]) excess.add(us);
  assert.equal(excess.above(1_000), 4_000 + 24_000);
});
