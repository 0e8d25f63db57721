import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { analyzeRun, analyzeRunFully } from "../../../harness/analyze/analyze-run.ts";
import type { FaultRecord } from "../../../harness/faults/model.ts";
import { story } from "../../../harness/report/html/fault-story.ts";
import { committedBy, FAULT, JOB_STATES, SCRIPT, type Scripted, writeScriptedRun } from "../scripted-fault.ts";
import { START_US, temporaryFolder } from "../synthetic-run.ts";

const at = (ms: number) => START_US + ms * 1000;

function run(t: TestContext, scripted: Scripted = {}) {
  const folder = temporaryFolder(t);
  return analyzeRunFully(folder, writeScriptedRun(folder, scripted));
}

async function verdict(t: TestContext, scripted: Scripted) {
  const { state, reasons, verified, committed } = (await run(t, scripted)).result;
  return { state, reasons: reasons.map(({ code, message }) => `${code}: ${message}`), verified, committed };
}

const near = (found: number | null | undefined, wanted: number, within: number) =>
  assert.ok(found != null && Math.abs(found - wanted) <= within, `${found} for ${wanted} ± ${within}`);

describe("a scripted fault under exactly-once", () => {
  it("has the times of the script, in both views", async (t) => {
    const analysis = await run(t);
    const { result } = analysis;
    assert.deepEqual([result.state, result.reasons], ["valid", []]);
    const fault = result.faults![0]!;
    const { effect, committed } = fault;
    assert.deepEqual(
      [fault.observedMs, fault.detectedMs, fault.deployingMs, fault.recoveredMs, fault.healedMs],
      [2_500, 2_520, 2_620, 2_800, null],
    );
    assert.deepEqual(fault.restored, { checkpointId: 2, ageMs: 500 });
    assert.deepEqual(fault.phase, { checkpointId: 2, sinceTriggeredMs: 500, state: "completed", ofInterval: 0.5 });

    assert.deepEqual(effect!.firstOutput, { ms: 500, censored: false });
    near(effect!.gap!.ms, 500, 2);
    near(effect!.catchUp!.ms, 500, 20);
    // 4,900 events had been read; when checkpoint 2 was acknowledged, at 2,030, event 4,060 was the last one due.
    assert.equal(effect!.eventsReplayed, 4_900 - 4_061);
    // Half a second of bids, 92 % of the events.
    near(effect!.replayed, 920, 15);
    assert.equal(result.verified!.duplicate, effect!.replayed);

    assert.deepEqual(committed!.firstOutput, { ms: 1_340, censored: false });
    assert.deepEqual(committed!.gap, { fromMs: 2_040, ms: 1_800, censored: false });
    near(committed!.catchUp!.ms, 1_340, 20);
    assert.equal(committed!.replayed, 0);
    const view = result.committed!;
    assert.deepEqual([view.verified!.lost, view.verified!.duplicate, view.verified!.wrong], [0, 0, 0]);
    assert.equal(view.verified!.matched, view.verified!.expected);
    // What was due just after the barrier of checkpoint 2 became visible with checkpoint 3.
    near(view.latencyUs.max, 3_840_000 - 1_996_000, 1_500);
    near(result.latencyUs.max, 504_000, 1_500);
    assert.equal(view.latencyUs.n, result.latencyUs.n);
    assert.equal(
      analysis.intervals["committed-intended"].reduce((sum, { count }) => sum + count, 0),
      view.verified!.matched,
    );
    assert.equal(
      analysis.committedOutputs!.reduce((sum, count) => sum + count, 0),
      view.verified!.observed,
    );
    assert.deepEqual(analysis.committedOutputs!.slice(0, 2), [0, analysis.committedOutputs![1]!]);
  });

  it("is told with its phases, its checkpoint and both kinds of readers", async (t) => {
    const { result } = await run(t);
    const told = story(result.faults![0]!, result).text.replaceAll(/<[^>]+>/g, " ");
    assert.match(told, /worker-1 \(process 11\) was killed \(SIGKILL\): .* seen gone at 2\.500 s/);
    assert.match(
      told,
      /It struck 500 ms after checkpoint 2 had been triggered, 50 % of the interval; that one was complete by then/,
    );
    assert.match(told, /100 ms after that the tasks had ended and the next attempt was deployed/);
    assert.match(told, /ran again after 300 ms, from checkpoint 2, which was 500 ms old when the fault struck/);
    assert.match(
      told,
      /Readers of committed data: no new output for 1\.80 s; caught up after 1\.3\d s; [\d,]+ of [\d,]+ outputs, 0 lost, 0 duplicate, 0 wrong/,
    );
  });

  it("summarizes the checkpoints", async (t) => {
    const { checkpoints, checkpointIntervalMs } = (await run(t)).result;
    assert.equal(checkpointIntervalMs, 1_000);
    assert.deepEqual(checkpoints, {
      completed: 4,
      aborted: 1,
      durationMs: { median: 40, max: 40 },
      bytes: { median: 1_075_000, max: 1_200_000 },
      alignmentMaxMs: 2.5,
      syncMaxMs: 0.701,
    });
  });

  it("fails for one output that is committed twice, never, or wrong, whatever the others saw", async (t) => {
    const twice = await verdict(t, { committed: (all) => [...committedBy(all), committedBy(all).at(-1)!] });
    assert.equal(twice.state, "failed");
    assert.match(
      twice.reasons[0]!,
      /^guarantee-violated: 1 duplicate of \d+ expected outputs \(\d+ observed, as committed\)$/,
    );
    const never = await verdict(t, { committed: (all) => committedBy(all).slice(1) });
    assert.match(never.reasons[0]!, /^guarantee-violated: 1 lost of/);
    assert.equal(never.verified!.lost, 0, "everybody else saw it");
    const wrong = await verdict(t, {
      committed: (all) => committedBy(all).map((o, i) => (i === 9 ? { ...o, values: o.values.with(2, 1) } : o)),
    });
    assert.match(wrong.reasons[0]!, /^guarantee-violated: 1 lost, 1 wrong of/);
    const nothing = await verdict(t, { committed: () => [] });
    assert.deepEqual([nothing.state, nothing.committed!.verified!.matched], ["failed", 0], "no view is no pass");
  });

  it("is invalid when readers of committed data were held up by a transaction that nobody ended", async (t) => {
    const { state, reasons } = await verdict(t, { change: { heldUp: ["committed"] } });
    assert.equal(state, "invalid");
    assert.match(reasons[0]!, /^output-incomplete: readers of committed data did not come to the end of the output/);
    assert.equal((await verdict(t, { change: { heldUp: [] } })).state, "valid");
  });

  it("fails for an output that no reader saw, and for replays without a fault", async (t) => {
    const lost = await verdict(t, { tamper: (all) => all.slice(1) });
    assert.equal(lost.reasons.length, 2, "in both views");
    const copy = await verdict(t, { fault: null, tamper: (all) => [...all, { ...all[0]!, observedUs: at(6_200) }] });
    assert.equal(copy.state, "failed");
    assert.match(copy.reasons[0]!, /1 duplicate/);
    assert.equal((await verdict(t, { fault: null })).state, "valid");
  });

  it("is invalid when the query started again before anything was broken", async (t) => {
    const early = JOB_STATES.map((one) => (one.atUs > at(2_000) ? { ...one, atUs: one.atUs - 1_500_000 } : one));
    const { state, reasons } = await verdict(t, { states: early });
    assert.equal(state, "invalid");
    assert.match(reasons[0]!, /^fault-unplanned: the query started again once .*: worker worker-1 is lost/);
  });
});

describe("faults that last", () => {
  it("are told until they are undone, and need not be noticed", async (t) => {
    const { result } = await run(t, {
      withoutReplays: true,
      states: JOB_STATES.slice(0, 3),
      fault: {
        ...{ kind: "pause", target: "worker/1", durationMs: 400, healedUs: at(2_900) },
        ...{ detectedUs: null, recoveredUs: null, restoredFrom: null },
      },
    });
    assert.equal(result.state, "valid");
    const fault = result.faults![0]!;
    assert.deepEqual([fault.healedMs, fault.deployingMs, fault.restored], [2_900, null, null]);
    near(fault.effect!.gap!.ms, 500, 2);
    near(fault.effect!.catchUp!.ms, 500, 20);
    const told = story(fault, result).text;
    assert.match(told, /was made to stand still \(SIGSTOP\): .* seen standing still at 2\.500 s/);
    assert.match(told, /did not take it for a failure: its query went on running/);
    assert.match(told, /It was undone 400 ms after it was seen/);
    assert.match(told, /longest time without a new output was 50\d ms; it ended 500 ms after the fault was seen/);
    assert.match(told, /It had caught up 50\d ms after|It had caught up 51\d ms after/);
    assert.doesNotMatch(told, /none came any more|did not run again/);
  });

  it("count once in the config however often they strike", async (t) => {
    const folder = temporaryFolder(t);
    const id = writeScriptedRun(folder);
    const struck = (records: readonly Partial<FaultRecord>[]) => {
      const lines = records.map((record, index) => `${JSON.stringify({ ...FAULT, index, ...record })}\n`);
      writeFileSync(join(folder, "raw", id, "faults.jsonl"), lines.join(""));
      return analyzeRun(folder, id);
    };
    const twice = await struck([
      {},
      { strike: 2, observedUs: at(4_000), injectedUs: at(4_000), recoveredUs: at(4_001) },
    ]);
    assert.equal(twice.state, "valid");
    const [first, second] = twice.faults!;
    assert.deepEqual([first!.strike, second!.strike], [1, 2]);
    assert.ok(first!.effect!.replayed > 800 && second!.effect!.replayed === 0, "charged to the fault before them");
    near(first!.effect!.after.n! + second!.effect!.after.n!, 3_500 * 1.84, 60);
    near(second!.effect!.inFlight, 7, 4); // 4 ms of bids
    const { reasons } = await struck([]);
    assert.ok(reasons.some(({ message }) => message === "1 of 1 faults left no record"));
  });
});

describe("at-most-once", () => {
  const settings = { guarantee: "at-most-once" };
  const lossy: Scripted = {
    settings,
    withoutReplays: true,
    tamper: (all) => all.filter(({ observedUs }) => observedUs !== at(SCRIPT.backMs)),
    committed: () => [],
  };

  it("permits losses after a fault, not without one, and never copies", async (t) => {
    const after = await verdict(t, lossy);
    assert.equal(after.state, "valid", after.reasons.join());
    assert.ok(after.verified!.lost > 800);
    assert.equal(after.committed, undefined, "there are no transactions to read");
    const without = await verdict(t, { ...lossy, fault: null, tamper: (all) => all.slice(1) });
    assert.match(without.reasons[0]!, /^guarantee-violated: 1 lost/);
    const copied = await verdict(t, { ...lossy, tamper: (all) => [...all, { ...all[9]!, observedUs: at(6_000) }] });
    assert.match(copied.reasons[0]!, /^guarantee-violated: 1 duplicate/);
  });

  it("judges no sums over what was lost, says so, and still judges what came before", async (t) => {
    const data = { nexmark: { eventRatePerSecond: 1_000 }, watermarkDelay: "1s" };
    const sums: Scripted = {
      ...lossy,
      query: "q5",
      settings: { ...settings, data, limits: { minSamples: 1 } },
      tamper: (all) => all.map((o) => (o.observedUs >= at(4_000) ? { ...o, values: o.values.with(-1, -1) } : o)),
    };
    const { result } = await run(t, sums);
    assert.ok(result.verified!.wrong + result.verified!.unexpected > 0);
    assert.equal(result.state, "valid", JSON.stringify(result.reasons));
    assert.match(result.notes![0]!, /counted, not judged/);
    const before = await run(t, {
      ...sums,
      tamper: (all) => all.map((o) => (o.observedUs < at(2_400) ? { ...o, values: o.values.with(-1, -1) } : o)),
    });
    assert.equal(before.result.state, "failed");
  });
});

describe("a broker that was struck", () => {
  const lasts = { durationMs: 400, healedUs: at(2_900), detectedUs: null, recoveredUs: null, restoredFrom: null };
  const away = { kind: "brokerPause", target: "broker", role: "broker", ...lasts } as const;
  /** Everything that was due while it was away was sent once it was back. */
  const heldBack = (startUs: number, sentUs: number) =>
    sentUs >= startUs + 2_500_000 && sentUs < startUs + 2_900_000 ? startUs + 2_900_000 : sentUs;

  it("is no fault of feeder and observer, whose lags are reported all the same", async (t) => {
    const struck = { withoutReplays: true, states: JOB_STATES.slice(0, 3), sentUs: heldBack };
    const { result } = await run(t, { ...struck, fault: away });
    assert.deepEqual([result.state, result.reasons], ["valid", []]);
    near(result.generatorLagUs.max, 400_000, 6_000);
    assert.ok(result.generatorLagUs.p99! > 100_000);
    const paused = { ...away, kind: "pause", target: "broker" } as const;
    assert.deepEqual((await run(t, { ...struck, fault: paused })).result.reasons, [], "by whatever kind of fault");
    const worker = { ...paused, target: "worker/1", role: "worker-1" };
    const { result: other } = await run(t, { ...struck, fault: worker });
    assert.deepEqual(
      other.reasons.map(({ code }) => code),
      ["generator-saturated"],
    );
  });
});
