import assert from "node:assert/strict";
import { test } from "node:test";
import { summarizeCells } from "../../../harness/analyze/cell-summary.ts";
import type { FaultEffect, FaultResult } from "../../../harness/faults/result.ts";
import { throughputLatencyFigure } from "../../../harness/report/figures/throughput-latency.ts";
import { reportPage } from "../../../harness/report/html/page.ts";
import { failedResult } from "../../../harness/sweep/failed-result.ts";
import type { RunResult, RunState, VerifySummary } from "../../../harness/sweep/model.ts";

const VERIFIED: VerifySummary = {
  expected: 5_000,
  observed: 5_000,
  matched: 5_000,
  lost: 0,
  duplicate: 0,
  wrong: 0,
  unexpected: 0,
  premature: 0,
  outOfOrder: 0,
};

function result(query: string, rate: number, state: RunState, change: Partial<RunResult> = {}): RunResult {
  const cell = { id: `${query}-rate-${rate}`, axes: { query, "load.rate": `${rate}/s` } };
  const run = { id: `${cell.id}-r1`, cell, repetition: 1, order: 0, block: 0 };
  return {
    ...failedResult(run, { query, system: "bundled", events: 1 }, []),
    state,
    offeredPerSecond: rate,
    achievedInputPerSecond: rate,
    latencyUs: { p50: 2_000, p90: 3_000, p99: 4_500, p999: null, max: 9_000, n: 5_000 },
    verified: VERIFIED,
    measuredMs: 10_000,
    resources: {
      broker: { cpuSeconds: 5, cpuPercent: 50, rssPeakBytes: 1 },
      worker: { cpuSeconds: 2, cpuPercent: 20, rssPeakBytes: 1 },
      coordinator: { cpuSeconds: 0.1, cpuPercent: 1, rssPeakBytes: 1 },
      harness: { cpuSeconds: 0.2, cpuPercent: 2, rssPeakBytes: 1 },
    },
    ...change,
  };
}

function page(results: readonly RunResult[], manifest: unknown = { name: "test" }): string {
  const cells = summarizeCells(results);
  return reportPage({ manifest, analyses: [], results, cells, figures: [] });
}

const text = (html: string) =>
  html
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");

test("the first screen says how late, at which rate, right or wrong", () => {
  const shown = text(page([result("q0", 1_000, "valid"), result("q0", 2_000, "valid")]));
  const table = shown.indexOf("query state");
  const first = shown.slice(0, table);
  assert.match(first, /All 2 runs are valid verified: 10,000 of 10,000 outputs, 0 lost, 0 duplicate, 0 wrong/);
  assert.match(first, /2\.00 ms p50 4\.50 ms p99 at 2,000\/s offered, 2,000\/s achieved, the highest rate/);
  assert.match(first, /right 10,000 of 10,000 outputs as expected/);
});

test("all cards show the same percentile: the highest that every one has samples for", () => {
  const many = { p50: 2_000, p90: 3_000, p99: 4_500, p999: 8_000, max: 9_000, n: 50_000 };
  const few = { p50: 1_000, p90: 1_500, p99: null, p999: null, max: 1_034_000, n: 500 };
  const cards = (...latencies: RunResult["latencyUs"][]) =>
    text(page(latencies.map((latencyUs, i) => result(`q${i}`, 1_000, "valid", { latencyUs })))).split(
      "query state",
    )[0]!;
  assert.match(cards(many), /2\.00 ms p50 8\.00 ms p99\.9/);
  const both = cards(many, few);
  assert.match(both, /2\.00 ms p50 3\.00 ms p90 .* 1\.00 ms p50 1\.50 ms p90/);
  assert.match(cards(many, { ...few, p90: null }), /9\.00 ms max .* 1\.03 s max/);
});

const EFFECT: FaultEffect = {
  detectionMs: 20,
  firstOutput: { ms: 1_000, censored: false },
  gap: { ms: 1_040, censored: false, fromMs: 14_990 },
  catchUp: { ms: 1_050, censored: false },
  slo: {
    boundUs: 50_000,
    boundFrom: "config",
    intervals: 4,
    intervalMs: 250,
    restored: { ms: 1_470, censored: false },
  },
  before: { p50Us: 3_000, p99Us: null, n: 900, overdue: 1 },
  after: { maxUs: 1_034_000, p99Us: null, n: 900 },
  peakP99Us: null,
  excessEventSeconds: 1,
  lagSlope: { before: 0, during: 1, after: -1 },
  inFlight: 1,
  eventsInFlight: 16,
  eventsReplayed: 100,
  replayed: 0,
};

function struck(effect: FaultEffect | null, problem: string | null = null): FaultResult {
  const who = { index: 0, kind: "kill", target: "worker/1", role: "worker-1", pid: 7, problem } as const;
  const which = { fault: 0, strike: 1, found: null, deployingMs: null, healedMs: null, restored: null, phase: null };
  const times = { requestedMs: 1, injectedMs: 1, observedMs: 15_000, observedResolutionMs: 1, detectedMs: 15_020 };
  return { ...who, ...which, ...times, recoveredMs: 15_090, victim: null, inputRead: null, evidence: [], effect };
}

test("with a fault the first screen leads with what it did, in one style of units", () => {
  const shown = (...faults: FaultResult[]) =>
    text(page([result("q5", 1_000, "valid", { faults })])).split("query state")[0]!;
  const told = shown(struck(EFFECT));
  assert.match(told, /q5 kill worker\/1 no output for 1\.04 s in time again after 1\.47 s 0 lost/);
  assert.match(told, /p99 at most 50\.0 ms\. The latest output came 1\.03 s late/);
  assert.match(told, /Whole run 2\.00 ms p50 , 4\.50 ms p99 , at 1,000\/s offered/);
  const slow = { ...EFFECT, slo: null, catchUp: { ms: 900, censored: true } };
  const worst = shown(struck(EFFECT), struck(slow));
  assert.match(worst, /not in time again within 900 ms .* The worst of 2 faults in 1 run\./);
  assert.match(shown(struck(EFFECT, "ineffective")), /q5 latency from due time 2\.00 ms p50/, "it does not count");
});

const REPLICATION = {
  merge: "kaZoo",
  factor: 2,
  groups: 6,
  leastAlive: 1,
  reducedFromMs: 15_021,
  restoredMs: null,
  lost: [
    { task: "counts/0.1", group: "counts/0", atMs: 15_021, alive: 1, of: 2 },
    { task: "counts/1.1", group: "counts/1", atMs: 15_022, alive: 1, of: 2 },
  ],
  duplicatesDropped: 1_234,
  mergeWaitUs: { mean: 900, max: 40_000, n: 500 },
  orderRoundTripUs: null,
  claims: 8,
};

test("replicas have a table, and a fault that took some tells since when redundancy is lost", () => {
  const run = result("q5", 1_000, "valid", { faults: [struck(EFFECT)], replication: REPLICATION });
  const shown = text(page([run, result("q0", 1_000, "valid")]));
  assert.match(
    shown,
    /Redundancy was lost from 15\.021 s on, with 1 of 2 replicas left of counts\/0, counts\/1; it was not/,
  );
  assert.match(shown, /kaZoo 2 6 reduced from 15\.021 s on \(counts\/0\.1, counts\/1\.1\), not restored 1 1,234/);
  assert.match(shown, /1,234 0\.900 ms 40\.0 ms – – 8/, "no order log, no round trip, no zero");
  assert.doesNotMatch(text(page([result("q0", 1_000, "valid")])), /Replicas/);
});

test("a cost baseline is named as one; its wrong outputs are not added to those of the others", () => {
  const wrong = { ...VERIFIED, lost: 70, duplicate: 60 };
  const shown = text(
    page([result("q5", 1_000, "valid", { costBaseline: true, verified: wrong }), result("q0", 1_000, "valid")]),
  );
  assert.match(
    shown,
    /verified: 5,000 of 5,000 outputs, 0 lost, 0 duplicate, 0 wrong cost baseline without order, not judged: 5,000 of 5,000 outputs, 70 lost/,
  );
  assert.match(shown, /valid cost baseline/);
  assert.match(
    text(page([result("q5", 1_000, "valid", { costBaseline: true, verified: wrong })])),
    /not judged 5,000 of 5,000/,
  );
});

test("variants have a card each", () => {
  const variant = (name: string) => {
    const one = result("q5", 1_000, "valid");
    const cell = { id: `q5-${name}`, axes: { variant: name } };
    return { ...one, run: { ...one.run, id: `${cell.id}-r1`, cell } };
  };
  assert.match(
    text(page([variant("passive"), variant("KaZoo")])),
    /q5, passive latency from due time .* q5, KaZoo latency/,
  );
});

test("a rate without a valid run is not the answer, and is said to have none", () => {
  const shown = text(page([result("q0", 1_000, "valid"), result("q0", 2_000, "invalid")]));
  assert.match(shown, /at 1,000\/s offered, 1,000\/s achieved, the highest rate with a valid run \(2k\/s has none\)/);
  assert.match(text(page([result("q0", 1_000, "failed")])), /no valid run/);
});

test("wrong outputs are called wrong, unchecked ones not right", () => {
  assert.match(text(page([result("q0", 1_000, "failed", { verified: { ...VERIFIED, lost: 1 } })])), / wrong 5,000 of/);
  assert.match(text(page([result("q0", 1_000, "invalid", { verified: null })])), /not verified/);
  const half = [result("q0", 1_000, "valid"), result("q0", 2_000, "failed", { verified: null })];
  assert.match(text(page(half)), /in part 5,000 of 5,000 outputs/);
  assert.match(text(page(half)), /\(1 of 2 runs could not be verified\)/);
});

test("every kind of bad output has a word and a column of its own", () => {
  const bad = { ...VERIFIED, lost: 7, replaced: 4, wrong: 4, unexpected: 147 };
  const shown = text(page([result("q0", 1_000, "failed", { verified: bad })]));
  assert.match(shown, /7 lost \(4 of them replaced by wrong rows\), 0 duplicate, 4 wrong, 147 unexpected/);
  assert.match(shown, /expected right lost duplicate wrong unexpected /);
  assert.match(shown, / 5,000 5,000 7 0 4 147 /);
  assert.doesNotMatch(shown, /out of order/);
  const late = text(page([result("q0", 1_000, "failed", { verified: { ...VERIFIED, outOfOrder: 3 } })]));
  assert.match(late, /wrong unexpected out of order /);
  assert.match(late, / 5,000 4,997 0 0 0 0 3 /);
});

test("CPU stands in a column per role; coordinator and harness are added up", () => {
  const shown = text(page([result("q0", 1_000, "valid")]));
  assert.match(shown, /broker workers feeder observer others all workers q0 1,000 50 20 – – 3 730 200/);
});

test("a run that could not be analysed is listed with its reason", () => {
  const reasons = [{ code: "checker-failed" as const, message: "run.json is torn", hint: "Run it again." }];
  const html = page([result("q0", 1_000, "failed", { reasons, verified: null })]);
  assert.match(html, /<details id="run-q0-rate-1000-r1" open>/);
  assert.match(text(html), /checker-failed : run\.json is torn Run it again\./);
});

test("names from outside cannot become part of the page", () => {
  const hostile = `<img src=x onerror="alert(1)">'&`;
  const html = page([result(hostile, 1_000, "failed", { reasons: [{ code: "internal", message: hostile }] })], {
    name: hostile,
    config: { description: hostile },
    configText: hostile,
    provenance: { cpuModel: hostile },
  });
  assert.doesNotMatch(html, /<img|onerror="/);
  assert.match(html, /&lt;img src=x onerror=&quot;alert\(1\)&quot;&gt;&#39;&amp;/);
});

test("latency over throughput is drawn from two rates of a query on", () => {
  const figure = (...results: RunResult[]) => throughputLatencyFigure(summarizeCells(results), new Map());
  const valid = (query: string, rate: number) => result(query, rate, "valid", { achievedOutputPerSecond: rate });
  assert.equal(figure(valid("q0", 1_000), valid("q5", 1_000)), null);
  const { csv } = figure(valid("q0", 1_000), valid("q0", 2_000), valid("q5", 1_000))!;
  assert.match(csv, /q0-rate-2000/);
  assert.doesNotMatch(csv, /q5/);
});
