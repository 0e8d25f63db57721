import assert from "node:assert/strict";
import { test } from "node:test";
import { summarizeCells } from "../../../harness/analyze/cell-summary.ts";
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
  return reportPage({ manifest, analyses: [], results, cells, figures: [], runFigures: new Map() });
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
