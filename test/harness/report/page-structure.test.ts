import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { summarizeCells } from "../../../harness/analyze/cell-summary.ts";
import type { InlineFigure } from "../../../harness/report/html/figures.ts";
import { reportPage } from "../../../harness/report/html/page.ts";
import { failedResult } from "../../../harness/sweep/failed-result.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";

function result(cellId: string, repetition: number, latencyUs = 2_000): RunResult {
  const cell = { id: cellId, axes: { query: "q0", variant: cellId } };
  const run = { id: `${cellId}-r${repetition}`, cell, repetition, order: 0, block: 0 };
  return {
    ...failedResult(run, { query: "q0", system: "bundled", events: 1 }, []),
    state: "valid",
    offeredPerSecond: 1_000,
    latencyUs: { p50: latencyUs, p90: 3_000, p99: 4_500, p999: null, max: 9_000, n: 5_000 },
    resources: { broker: { cpuSeconds: 5, cpuPercent: 50, rssPeakBytes: 1 } },
  };
}

const runFigure = (run: string): InlineFigure => ({
  ...{ title: `Latency over time, ${run}`, caption: "c", svg: `<svg>${"x".repeat(30_000)}</svg>`, values: "{}" },
  ...{ canZoom: true, file: `figures/${run}`, place: { section: "run", run } as const },
});

function page(results: readonly RunResult[], figures: readonly InlineFigure[] = []): string {
  const cells = summarizeCells(results);
  return reportPage({ manifest: { name: "test" }, analyses: [], results, cells, figures });
}

test("the page may run its own script and nothing else, and fetches nothing", () => {
  const html = page([result("a", 1)]);
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)];
  assert.equal(scripts.length, 1);
  const hash = createHash("sha256").update(scripts[0]![1]!).digest("base64");
  assert.ok(html.includes(`script-src 'sha256-${hash}'`), "the policy names this script");
  assert.match(html, /<meta http-equiv="Content-Security-Policy" content="default-src 'none';/);
  assert.doesNotMatch(html, /<link|<img|<iframe|\ssrc=|@import|url\(['"]?(?:https?:|\/\/)|\son[a-z]+="/);
  assert.doesNotMatch(scripts[0]![1]!, /^(?:import|export) |\b(?:fetch|XMLHttpRequest|eval|innerHTML)\b/m);
});

test("the contents name every section, and each heading once", () => {
  const html = page([result("a", 1)]);
  const [nav] = /<nav[\s\S]*?<\/nav>/.exec(html)!;
  const linked = [...nav!.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  const headings = [...html.matchAll(/<h2 id="([^"]+)"/g)].map(([, id]) => id);
  assert.deepEqual(linked, headings);
  assert.deepEqual(headings, ["verdict", "results", "cpu", "runs", "method", "provenance"]);
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length, "no id twice");
});

test("tables have captions, and heads of columns and lines", () => {
  const html = page([result("a", 1), result("b", 1)]);
  const tables = html.match(/<table>[\s\S]*?<\/table>/g)!;
  assert.ok(tables.length >= 2);
  for (const table of tables) {
    assert.match(table, /<caption>/);
    assert.match(table, /<th scope="col"/);
    assert.match(table, /<th scope="row"/);
    assert.doesNotMatch(table, /<th(?!ead| scope)/);
  }
});

test("cells with several runs have a line of medians with their range; many runs are folded below", () => {
  const runs = ["a", "b"].flatMap((cell) => [1, 2, 3].map((n) => result(cell, n, n * 1_000)));
  const html = page(runs);
  assert.match(html, /3 of 3/);
  assert.match(html, /2\.00<br><span class="small">1\.00 … 3\.00<\/span>/);
  assert.doesNotMatch(html, /one by one/);
  const many = ["a", "b", "c", "d", "e"].flatMap((cell) => [1, 2, 3].map((n) => result(cell, n)));
  assert.match(page(many), /<details><summary>All 15 runs one by one/);
  assert.doesNotMatch(page([result("a", 1)]), /Each cell over its valid runs/);
});

test("a campaign of 200 runs is a page of a few megabytes that says which figures it leaves out", () => {
  const runs = Array.from({ length: 200 }, (_, i) => result(`cell-${i % 50}`, Math.floor(i / 50) + 1));
  const html = page(
    runs,
    runs.map(({ run }) => runFigure(run.id)),
  );
  assert.ok(html.length < 4_000_000, `${html.length}`);
  assert.match(html, /10[0-9] of 200 figures are links to files beside this page/);
  for (const { run } of runs) assert.ok(html.includes(`id="run-${run.id}"`), run.id);
});
