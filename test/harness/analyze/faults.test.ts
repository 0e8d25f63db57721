import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { analyzeRun } from "../../../harness/analyze/analyze-run.ts";
import type { FaultRecord } from "../../../harness/faults/model.ts";
import { story } from "../../../harness/report/html/fault-story.ts";
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
  observedResolutionUs: 1_200,
  detectedUs: FAULT_US + 20_000,
  recoveredUs: FAULT_US + 60_000,
  victim: { tasks: ["source/0"], recordsIn: 2_500, recordsJustBefore: 400, overMs: 400 },
  inputRead: { events: 4_600, beforeMs: 200 },
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

async function run(
  t: TestContext,
  tamper: (outputs: Output[]) => Output[],
  record: Partial<FaultRecord> | null = {},
  slo: object = {},
  others: readonly Partial<FaultRecord>[] = [],
) {
  const folder = temporaryFolder(t);
  const settings = { recovery: "scratch", faults: FAULTS, slo };
  const id = writeSyntheticRun(folder, { query: "q0", settings, tamper, latencyUs: () => 4_000 });
  if (record !== null) {
    const records = [record, ...others].map((one, index) => ({ ...RECORD, index, ...one }));
    const lines = records.map((one) => `${JSON.stringify(one)}\n`).join("");
    writeFileSync(join(folder, "raw", id, "faults.jsonl"), lines);
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
    assert.equal(effect!.eventsReplayed, 4_600);
    near(effect!.eventsInFlight, 9, 3);
    near(effect!.lagSlope.before, 0, 3);
    near(effect!.lagSlope.during, 1_840, 60);
    assert.ok(effect!.lagSlope.after! < -10_000, "all that was overdue came at once");
    const told = story(result.faults![0]!, result).text.replaceAll(/<[^>]+>/g, " ");
    assert.match(
      told,
      /worker-1 \(process 11\) was killed \(SIGKILL\): asked for at 2\.499 s into the load, done at 2\.499 s/,
    );
    assert.match(told, /seen gone at 2\.500 s \(to within 1\.20 ms\)/);
    assert.match(
      told,
      /In flight: \d+ input events whose results were not all out yet, and \d+ outputs already overdue/,
    );
    assert.match(
      told,
      /noticed after 20\.0 ms\. +Its query ran again after 60\.0 ms\. +No new output came for 50\d ms/,
    );
    assert.match(
      told,
      /The first one came 500 ms after the fault, 440 ms after its query ran again; in between it read again/,
    );
    assert.match(
      told,
      /Nothing was lost\. +[\d,]+ outputs that were out already came again \(replayed\)\. At least 4,600 input/,
    );
  });

  it("says honestly that the system noticed before the harness saw the process gone", async (t) => {
    const result = await run(t, stall, { detectedUs: FAULT_US - 3_000 });
    assert.equal(result.faults![0]!.effect!.detectionMs, -3);
    assert.match(story(result.faults![0]!, result).text, /noticed 3\.00 ms before the harness saw/);
  });

  it("finds when the p99 kept its bound again: given, derived, never broken, never reached", async (t) => {
    const of = async (slo: object, record: Partial<FaultRecord> = {}) => {
      const { faults, ...result } = await run(t, stall, record, slo);
      const { slo: found } = faults![0]!.effect!;
      return { found: found!, told: story(faults![0]!, { ...result, faults: faults! }).text };
    };
    // Every output due from 2.5 s to 3 s was late, by up to 500 ms; those due from 2.95 s on by less than 60 ms.
    const { found: given, told } = await of({ p99: "10ms", for: "500ms" });
    assert.deepEqual(given, {
      boundUs: 10_000,
      boundFrom: "config",
      intervals: 2,
      intervalMs: 250,
      restored: { ms: 500, censored: false },
    });
    assert.match(
      told,
      /Service was restored for what was due from 500 ms after the fault on: p99 at most 10\.0 ms \(as the config asks\)/,
    );
    const { found: derived } = await of({ for: "500ms" });
    assert.equal(derived.boundFrom, "p99Before");
    near(derived.boundUs, 8_100, 100);
    assert.deepEqual(derived.restored, { ms: 500, censored: false });
    assert.deepEqual((await of({ p99: "600ms" })).found.restored, { ms: 0, censored: false });
    const { found: never, told: censored } = await of({ p99: "1ms" });
    assert.deepEqual(never.restored, { ms: 1_500, censored: true });
    assert.match(censored, /Service was not restored within 1\.50 s/);
    // A second after the stall is needed, and the load ends before two are over.
    assert.equal((await of({ p99: "10ms", for: "2s" })).found.restored.censored, true);
  });

  it("calls nothing restored or caught up before a fault that shows late is undone", async (t) => {
    const lasts = { kind: "pause", durationMs: 450, healedUs: FAULT_US + 450_000 } as const;
    const late = (outputs: Output[]) => {
      for (const output of outputs) {
        const since = output.observedUs - FAULT_US;
        if (since > 270_000 && since < 400_000) output.observedUs = FAULT_US + 400_000;
      }
      return outputs;
    };
    const record = { ...lasts, detectedUs: null, recoveredUs: null };
    const { effect } = (await run(t, late, record, { p99: "10ms", for: "250ms" })).faults![0]!;
    assert.deepEqual(effect!.slo!.restored, { ms: 500, censored: false });
    near(effect!.catchUp!.ms, 400, 20);
    const through = (await run(t, (outputs) => outputs, record, { p99: "10ms", for: "250ms" })).faults![0]!.effect!;
    assert.deepEqual(through.slo!.restored, { ms: 0, censored: false }, "never broken");
    near(through.catchUp!.ms, 0, 20);
  });

  it("tells of a loss after which replicas went on: nothing ran again, the first output is the next one", async (t) => {
    const noticed = FAULT_US + 80_000;
    const result = await run(t, (outputs) => outputs, { detectedUs: noticed, recoveredUs: noticed });
    const fault = result.faults![0]!;
    assert.ok(fault.effect!.firstOutput!.ms < 5, `${fault.effect!.firstOutput!.ms} ms: outputs of the replicas count`);
    assert.equal(fault.effect!.eventsReplayed, null);
    assert.equal(fault.restored, null);
    const told = story(fault, result).text;
    assert.match(told, /noticed after 80\.0 ms.*Its query did not stop: the replicas of what was lost went on/s);
    assert.doesNotMatch(told, /ran again/);
  });

  it("leaves the gap of the next fault to that one", async (t) => {
    const strike = { fault: 0, strike: 1, recoveredUs: null, detectedUs: null };
    const earlier = { ...strike, fault: 1, observedUs: FAULT_US - 300_000, injectedUs: FAULT_US - 300_000 };
    const { faults } = await run(t, stall, strike, {}, [earlier]);
    near(faults![0]!.effect!.gap!.ms, 500, 3);
    assert.ok(faults![1]!.effect!.gap!.ms < 10, JSON.stringify(faults![1]!.effect!.gap));
    const silent = (outputs: Output[]) => {
      for (const one of outputs) {
        if (one.observedUs > FAULT_US - 300_000 && one.observedUs < BACK_US) one.observedUs = BACK_US;
      }
      return outputs;
    };
    const open = await run(t, silent, strike, {}, [earlier]);
    assert.equal(open.faults![1]!.effect!.gap!.censored, true);
    const told = story(open.faults![1]!, open).text;
    assert.match(
      told,
      /No new output came for more than 30\d ms: that was not over when the load ended or another fault/,
    );
    assert.doesNotMatch(told, /none came any more/);
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

  it("does not call a backlog caught up that stayed within its band for less than a second before the end", async (t) => {
    const endUs = START_US + 3_600_000;
    const { faults } = await run(t, (outputs) => {
      for (const output of outputs) {
        if (output.observedUs > FAULT_US && output.observedUs < endUs) output.observedUs = endUs;
      }
      return outputs;
    });
    assert.deepEqual(faults![0]!.effect!.catchUp, { ms: 1_500, censored: true });
  });

  it("gives no length below zero when the run broke off before the process was seen gone", async (t) => {
    const { faults } = await run(t, stall, {
      detectedUs: START_US + 3_999_000,
      observedUs: START_US + 4_001_000,
      recoveredUs: null,
    });
    const { effect } = faults![0]!;
    for (const { ms } of [effect!.firstOutput!, effect!.gap!, effect!.catchUp!, effect!.slo!.restored]) {
      assert.ok(ms >= 0, JSON.stringify(effect));
    }
  });

  it("takes the backlog before the fault from before the strike, however late the harness saw it", async (t) => {
    const strike = FAULT_US - 200_000;
    const { faults } = await run(
      t,
      (outputs) => {
        for (const output of outputs) {
          if (output.observedUs > strike && output.observedUs < BACK_US) output.observedUs = BACK_US;
        }
        return outputs;
      },
      { injectedUs: strike, observedResolutionUs: 200_000 },
    );
    const { before, lagSlope } = faults![0]!.effect!;
    assert.ok(before.overdue < 30, `${before.overdue} overdue before: 200 ms of the outage make 368`);
    near(lagSlope.before, 0, 3);
  });

  it("takes processes that were struck at once for one fault: none of them ends what the other began", async (t) => {
    const strike = { fault: 0, strike: 1 };
    const second = { ...strike, target: "worker/2", role: "worker-2", pid: 12, observedUs: FAULT_US + 240 };
    const result = await run(t, (outputs) => replay(stall(outputs)), strike, {}, [second]);
    const [one, other] = result.faults!.map(({ effect }) => effect!);
    for (const effect of [one!, other!]) {
      assert.equal(effect.catchUp!.censored, false);
      near(effect.catchUp!.ms, 500, 20);
      assert.equal(effect.slo!.restored.censored, false);
    }
    assert.ok(one!.replayed > 0);
    assert.deepEqual([one!.replayed, one!.after], [other!.replayed, other!.after]);
    assert.equal(one!.excessEventSeconds, other!.excessEventSeconds);
    assert.match(story(result.faults![0]!, result).text, /It had caught up/);

    const later = { ...second, fault: 1, observedUs: FAULT_US + 300_000 };
    const apart = await run(t, (outputs) => stall(outputs), strike, {}, [later]);
    assert.deepEqual(apart.faults![0]!.effect!.catchUp, { ms: 300, censored: true });
    const told = story(apart.faults![0]!, apart).text;
    assert.match(told, /When the load ended or another fault struck, 300 ms after the fault, it had not caught up/);
  });

  it("excuses copies that came between the strike and the moment the harness saw it", async (t) => {
    const strike = FAULT_US - 200_000;
    let out = 0;
    const result = await run(
      t,
      (outputs) => {
        const again = outputs.filter(({ observedUs }) => observedUs <= strike);
        out = again.length;
        const copies = again.map((o) => ({ ...o, observedUs: strike + 100_000 }));
        return [...outputs, ...copies].sort((a, b) => a.observedUs - b.observedUs);
      },
      { injectedUs: strike, observedResolutionUs: 200_000 },
    );
    assert.deepEqual([result.state, result.faults![0]!.effect!.replayed], ["valid", out]);
  });

  it("takes wrong and forged outputs for no replays", async (t) => {
    const result = await run(t, (outputs) =>
      stall(outputs).map((o, i) => (i % 1_000 === 999 ? { ...o, values: o.values.with(2, 1) } : o)),
    );
    assert.equal(result.verified!.wrong, 7);
    assert.equal(result.faults![0]!.effect!.replayed, 0);
    assert.match(story(result.faults![0]!, result).text, /No output came twice/);
  });

  it("claims no effect where outputs are not followed one by one: no record of them is no silence", async (t) => {
    const folder = temporaryFolder(t);
    const settings = { recovery: "scratch", faults: FAULTS };
    const id = writeSyntheticRun(folder, { query: "q9", settings });
    writeFileSync(join(folder, "raw", id, "faults.jsonl"), `${JSON.stringify(RECORD)}\n`);
    const result = await analyzeRun(folder, id);
    assert.match(result.notes![0]!, /Only the last row of each key/);
    const fault = result.faults![0]!;
    assert.deepEqual([fault.observedMs, fault.effect], [2_500, null]);
    const { text } = story(fault, result);
    assert.match(text, /seen gone at 2\.500 s/);
    assert.match(text, /noticed after 20\.0 ms/);
    assert.match(text, /What followed for the outputs is not known/);
    assert.doesNotMatch(text, /No new output|came twice|caught up/);
    rmSync(join(folder, "raw", id, "observations.bin"));
    assert.equal((await analyzeRun(folder, id)).faults![0]!.effect, null);
  });

  it("does not excuse duplicates from before the fault, nor losses and forgeries after it", async (t) => {
    const early = await run(t, (outputs) => replay(stall(outputs)).toSpliced(100, 0, outputs[99]!));
    assert.equal(early.state, "failed");
    assert.match(early.reasons[0]!.message, /duplicate/);
    const lost = await run(t, (outputs) => replay(stall(outputs)).toSpliced(-10, 1));
    assert.deepEqual([lost.state, lost.verified!.lost], ["failed", 1]);
    assert.match(lost.reasons[0]!.message, /^1 lost of/);
  });

  it("calls a run invalid whose fault does not count, and takes no duplicates for replays of one that was not seen", async (t) => {
    for (const record of [{ problem: "ineffective: no state" }, { observedUs: null, problem: "did not go" }, null]) {
      const { state, reasons } = await run(t, (outputs) => outputs, record);
      assert.deepEqual([state, reasons.map(({ code }) => code)], ["invalid", ["fault-not-observed"]]);
    }
    const struck = await run(t, (outputs) => replay(outputs), { problem: "ineffective: no state" });
    assert.deepEqual([struck.state, struck.reasons.length], ["invalid", 1], "seen to strike: the copies are its doing");
    const unseen = await run(t, (outputs) => replay(outputs), { observedUs: null, problem: "did not go" });
    assert.deepEqual([unseen.state, unseen.reasons[0]!.code], ["failed", "guarantee-violated"]);
  });
});
