import assert from "node:assert/strict";
import { rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { analyzeRun, analyzeRunFully } from "../../../harness/analyze/analyze-run.ts";
import type { FaultVerdict } from "../../../harness/analyze/faults/run-faults.ts";
import { readRunRecord } from "../../../harness/analyze/results-folder.ts";
import { runConfig } from "../../../harness/analyze/run-config.ts";
import { judge } from "../../../harness/analyze/verdict.ts";
import { NO_LATENCY } from "../../../harness/measure/latency-histogram.ts";
import { resourcesCsv } from "../../../harness/report/tables.ts";
import type { RunResult, VerifySummary } from "../../../harness/sweep/model.ts";
import { findQuery } from "../../../queries/registry.ts";
import { type Output, START_US, type SyntheticRun, temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

const windows = { data: { nexmark: { eventRatePerSecond: 1_000 }, watermarkDelay: "1s" } };

function codes({ reasons }: RunResult): string[] {
  return reasons.map(({ code }) => code);
}

/** What is said of a run with these counts and faults, of which everything else is as it should be. */
function verdict(of: {
  readonly guarantee?: string;
  readonly verified?: Partial<VerifySummary>;
  readonly faults: FaultVerdict;
  readonly faultsNotCounted?: number;
}): string {
  const none = { expected: 9, observed: 9, matched: 9, lost: 0, duplicate: 0, wrong: 0 };
  const limits = { generatorLagP99: 1, achievedShare: 0, observerLagP99: 1, minSamples: 1 };
  return judge({
    record: { problems: [], events: 1, feeder: feeder(), clockOffsetUs: { start: 0, end: 0 } } as never,
    config: {
      guarantee: of.guarantee ?? "exactly-once",
      limits: { ...limits, faultsNotCounted: of.faultsNotCounted ?? 0 },
    },
    verified: { ...none, unexpected: 0, premature: 0, outOfOrder: 0, ...of.verified },
    checkerProblem: null,
    offeredPerSecond: 1,
    achievedInputPerSecond: 1,
    generatorLagUs: NO_LATENCY,
    observerLagUs: NO_LATENCY,
    latencyUs: { ...NO_LATENCY, n: 1 },
    claimsLatency: true,
    afterLoss: "subset",
    faults: of.faults,
  }).state;
}

describe("latency of a run", () => {
  it("is observed minus due of the trigger, over outputs due after the warm-up", async (t) => {
    const folder = temporaryFolder(t);
    const seen: Output[] = [];
    const tamper: SyntheticRun["tamper"] = (all) => {
      seen.push(...all);
      return all;
    };
    const id = writeSyntheticRun(folder, { query: "q0", tamper });
    const { schedule } = runConfig(readRunRecord(folder, id));
    const due = (trigger: number) => START_US + Math.floor(schedule.dueNs(trigger) / 1000);
    const latencies = seen
      .filter(({ trigger }) => due(trigger!) >= START_US + 1_000_000)
      .map(({ observedUs, trigger }) => observedUs - due(trigger!))
      .sort((a, b) => a - b);
    const { latencyUs, state, verified } = await analyzeRun(folder, id);
    assert.equal(state, "valid");
    assert.equal(verified?.matched, seen.length);
    assert.equal(latencyUs.n, latencies.length);
    assert.equal(latencyUs.max, latencies.at(-1));
    for (const [name, percent] of [
      ["p50", 50],
      ["p90", 90],
      ["p99", 99],
    ] as const) {
      const exact = latencies[Math.ceil((percent / 100) * latencies.length) - 1]!;
      assert.ok(Math.abs(latencyUs[name]! - exact) <= exact * 0.001, `${name} ${latencyUs[name]} for ${exact}`);
    }
    assert.equal(latencyUs.p999, null, "fewer than 10,000 outputs");
  });

  it("uncorrected latency starts at sending: 300 µs after the last event of a batch of 10 was due", async (t) => {
    const folder = temporaryFolder(t);
    const id = writeSyntheticRun(folder, { query: "q0", latencyUs: () => 6_000 });
    const { uncorrectedLatencyUs, generatorLagUs, latencyUs } = await analyzeRun(folder, id);
    assert.equal(latencyUs.max, 6_000);
    assert.equal(uncorrectedLatencyUs.max, 5_700);
    assert.equal(generatorLagUs.max, 4_800);
    assert.equal(generatorLagUs.n, 6_000);
  });

  it("rows that only a closing record brings about are verified, not measured; windows have a residence", async (t) => {
    const folder = temporaryFolder(t);
    const seen: Output[] = [];
    const id = writeSyntheticRun(folder, {
      query: "q5",
      settings: { ...windows, limits: { minSamples: 1 } },
      tamper: (all) => {
        seen.push(...all);
        return all;
      },
    });
    const { latencyUs, residenceUs, verified } = await analyzeRun(folder, id);
    const charged = seen.filter(({ trigger }) => trigger !== null && trigger >= 2_000);
    assert.ok(charged.length < seen.length);
    assert.equal(verified?.matched, seen.length);
    assert.equal(latencyUs.n, charged.length);
    assert.equal(residenceUs?.n, charged.length);
    assert.ok(residenceUs!.max! > 500_000, "1 s of delay at 2 events a ms");
  });

  it("negative latencies are counted, make the run fail, and are not dropped", async (t) => {
    const folder = temporaryFolder(t);
    const tamper: SyntheticRun["tamper"] = (all) =>
      all.map((o, i) => (i === 4_000 ? { ...o, observedUs: o.observedUs - 90_000 } : o));
    const id = writeSyntheticRun(folder, { query: "q0", tamper });
    const result = await analyzeRun(folder, id);
    assert.equal(result.negativeLatencies, 1);
    assert.equal(result.verified?.premature, 1);
    assert.equal(result.latencyUs.n, 5_520);
    assert.deepEqual([result.state, codes(result)], ["failed", ["guarantee-violated"]]);
  });

  it("offered, achieved, observer lag and CPU per role are those of the measured window", async (t) => {
    const folder = temporaryFolder(t);
    const id = writeSyntheticRun(folder, { query: "q0" });
    const analysis = await analyzeRunFully(folder, id);
    const { result } = analysis;
    assert.equal(result.offeredPerSecond, 2_000);
    assert.ok(Math.abs(result.achievedInputPerSecond! - 2_000) < 5);
    assert.ok(Math.abs(result.achievedOutputPerSecond! - 1_840) < 10);
    // Appended 700 µs before observed, known to the ms, on a clock that drifts by up to 10 µs.
    assert.ok(result.observerLagUs.p50! >= 690 && result.observerLagUs.max! <= 1_710);
    // Two workers at 50 % and 25 % of a core, their counters in steps of 250 ms.
    assert.deepEqual(result.resources, {
      kafka: { cpuSeconds: 0.3, cpuPercent: 10, rssPeakBytes: 13_000_000 },
      worker: {
        cpuSeconds: 2.25,
        cpuPercent: 75,
        rssPeakBytes: 23_000_000,
        readBytes: 2 * 12 * 1_000,
        writtenBytes: 2 * 12 * 2_000,
      },
    });
    const [header, kafka, worker] = resourcesCsv([result])
      .trimEnd()
      .split("\n")
      .map((line) => line.split(","));
    const cell = (line: string[] | undefined, name: string) => line![header!.indexOf(name)];
    assert.deepEqual([cell(kafka, "written_bytes"), cell(kafka, "read_bytes_per_event")], ["", ""], "never 0");
    assert.deepEqual([cell(worker, "written_bytes"), cell(worker, "read_bytes")], ["48000", "24000"]);
    assert.deepEqual([cell(worker, "gc_pauses"), cell(worker, "voluntary_context_switches")], ["", ""], "nobody told");
    const perEvent = 48_000 / ((result.achievedInputPerSecond! * result.measuredMs!) / 1000);
    assert.equal(Number(cell(worker, "written_bytes_per_event")), Number(perEvent.toFixed(3)));
    assert.deepEqual(analysis.offered, [2_000, 2_000, 2_000, 2_000]);
    assert.equal(analysis.roles.get("worker")?.[1]?.cpuPercent, 75);
  });
});

describe("verdict", () => {
  const cases: { what: string; spec: SyntheticRun; state: string; codes: string[] }[] = [
    { what: "all well", spec: { query: "q0" }, state: "valid", codes: [] },
    {
      what: "one output lost",
      spec: { query: "q0", tamper: (all) => all.slice(1) },
      state: "failed",
      codes: ["guarantee-violated"],
    },
    {
      what: "one output twice, under at-least-once without a fault",
      spec: { query: "q0", tamper: (all) => [...all, { ...all[0]!, observedUs: all.at(-1)!.observedUs }] },
      state: "failed",
      codes: ["guarantee-violated"],
    },
    {
      what: "no output at all",
      spec: { query: "q0", tamper: () => [] },
      state: "failed",
      codes: ["guarantee-violated", "too-few-samples"],
    },
    {
      what: "nothing expected",
      spec: { query: "q2", settings: { data: { events: 1 } }, withoutSentTimes: true },
      state: "invalid",
      codes: ["too-few-samples"],
    },
    {
      what: "a feeder that lags",
      spec: { query: "q0", settings: { limits: { generatorLagP99: "4ms" } } },
      state: "invalid",
      codes: ["generator-saturated"],
    },
    {
      what: "a feeder that does not reach the rate",
      spec: {
        query: "q0",
        withoutSentTimes: true,
        change: { feeder: { ...feeder(), finishedUs: START_US + 4_500_000 } },
      },
      state: "invalid",
      codes: ["generator-saturated"],
    },
    {
      what: "events that were never acknowledged",
      spec: { query: "q0", change: { feeder: { ...feeder(), acked: 7_999 } } },
      state: "invalid",
      codes: ["input-incomplete"],
    },
    {
      what: "no word of the feeder",
      spec: { query: "q0", change: { feeder: null } },
      state: "invalid",
      codes: ["input-incomplete"],
    },
    {
      what: "clocks that move apart by more than 1 ms",
      spec: { query: "q0", change: { clockOffsetUs: { start: 0, end: 1_001 } } },
      state: "invalid",
      codes: ["clock-offset"],
    },
    {
      what: "a warm-up that leaves nothing",
      spec: { query: "q0", settings: { warmup: "4s" } },
      state: "invalid",
      codes: ["too-few-samples"],
    },
    {
      what: "fewer samples than asked for",
      spec: { query: "q5", settings: windows },
      state: "invalid",
      codes: ["too-few-samples"],
    },
    {
      what: "a run that ended before anything was fed: its cause, and nothing that follows from it",
      spec: {
        query: "q0",
        tamper: () => [],
        change: { feeder: null, problems: [{ code: "system-failed", message: "worker-1 has ended" }] },
      },
      state: "failed",
      codes: ["system-failed"],
    },
    {
      what: "wrong rows in a run that ended early: they have no excuse",
      spec: {
        query: "q0",
        tamper: (all) => [...all.slice(0, 100), all[0]!],
        change: { problems: [{ code: "drain-timeout", message: "not drained" }] },
      },
      state: "failed",
      codes: ["drain-timeout", "guarantee-violated"],
    },
    {
      what: "a process that had to be killed at the end, and an output lost",
      spec: {
        query: "q0",
        tamper: (all) => all.slice(1),
        change: { problems: [{ code: "internal", message: "could not stop worker-1 cleanly" }] },
      },
      state: "failed",
      codes: ["internal", "guarantee-violated"],
    },
    {
      what: "a problem of the run itself",
      spec: { query: "q0", change: { problems: [{ code: "drain-timeout", message: "not drained" }] } },
      state: "failed",
      codes: ["drain-timeout"],
    },
  ];
  for (const { what, spec, state, codes: wanted } of cases) {
    it(`${what}: ${state}`, async (t) => {
      const folder = temporaryFolder(t);
      const result = await analyzeRun(folder, writeSyntheticRun(folder, spec));
      assert.deepEqual([result.state, codes(result)], [state, wanted], JSON.stringify(result.reasons));
    });
  }

  it("after a fault at-most-once may lose outputs and at-least-once may repeat them, not the other way round; without one nobody may", () => {
    const judged = (guarantee: string, verified: Partial<VerifySummary>, excuses = false) =>
      verdict({ guarantee, verified, faults: { problems: [], strikes: 1, excuses } });
    const [lost, duplicate] = [{ lost: 1, matched: 8 }, { duplicate: 1 }];
    assert.equal(judged("at-most-once", lost, true), "valid");
    assert.equal(judged("at-most-once", duplicate, true), "failed");
    assert.equal(judged("at-least-once", lost, true), "failed");
    assert.equal(judged("at-least-once", duplicate, true), "valid");
    for (const guarantee of ["at-most-once", "at-least-once", "exactly-once"]) {
      assert.equal(judged(guarantee, lost), "failed");
      assert.equal(judged(guarantee, duplicate), "failed");
      assert.equal(judged(guarantee, {}), "valid");
    }
  });

  it("strikes that do not count make a run invalid, unless its limits allow for so many", () => {
    const faults = { problems: ["kill random: ineffective"], strikes: 10, excuses: true };
    assert.equal(verdict({ faults }), "invalid");
    assert.equal(verdict({ faults, faultsNotCounted: 0.09 }), "invalid");
    assert.equal(verdict({ faults, faultsNotCounted: 0.1 }), "valid");
    const none = { problems: ["kill random: ineffective"], strikes: 1, excuses: false };
    assert.equal(verdict({ faults: none, faultsNotCounted: 1 }), "invalid", "one must count");
  });

  it("without an observation log nothing was checked: invalid, not valid", async (t) => {
    const folder = temporaryFolder(t);
    const id = writeSyntheticRun(folder, { query: "q0" });
    rmSync(join(folder, "raw", id, "observations.bin"));
    const result = await analyzeRun(folder, id);
    assert.equal(result.state, "invalid");
    assert.ok(codes(result).includes("checker-missing"));
    assert.equal(result.verified, null);
  });

  it("an observation log that lost its end is our fault, not lost outputs of the system", async (t) => {
    const folder = temporaryFolder(t);
    const id = writeSyntheticRun(folder, { query: "q0", change: { observed: 7_360 } });
    assert.equal((await analyzeRun(folder, id)).state, "valid");
    const file = join(folder, "raw", id, "observations.bin");
    truncateSync(file, statSync(file).size - 4_000);
    const result = await analyzeRun(folder, id);
    assert.deepEqual([result.state, result.reasons[0]?.code], ["failed", "checker-failed"]);
    assert.match(result.reasons[0]!.message, /holds 7260 observations, the observer wrote 7360/);
    assert.equal(result.verified, null);
  });

  it("a checker that crashes is a failure of its own", async (t) => {
    const folder = temporaryFolder(t);
    const id = writeSyntheticRun(folder, { query: "q0" });
    const broken = { ...findQuery("q0"), oracle: () => ({ onEvent: () => assert.fail("broken oracle"), onEnd() {} }) };
    const result = await analyzeRun(folder, id, { findQuery: () => broken });
    assert.equal(result.state, "failed");
    assert.equal(codes(result)[0], "checker-failed");
    assert.match(result.reasons[0]!.message, /broken oracle/);
  });

  it("a record of another version is refused, not guessed at", async (t) => {
    const folder = temporaryFolder(t);
    const id = writeSyntheticRun(folder, { query: "q0" });
    writeFileSync(join(folder, "raw", id, "run.json"), '{"version":2}');
    await assert.rejects(analyzeRun(folder, id), /version 1/);
  });
});

function feeder() {
  return {
    sent: 8_000,
    acked: 8_000,
    closingSent: 4,
    firstDueUs: START_US,
    lastDueUs: START_US + 4_000_000,
    finishedUs: START_US + 4_010_000,
    lagUs: { p50: 100, p99: 900, p999: 1500, max: 2000, n: 8_000 },
    sendErrors: 0,
  };
}
