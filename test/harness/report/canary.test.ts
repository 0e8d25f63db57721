import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { analyzeSweep } from "../../../harness/analyze/analyze.ts";
import type { RunRecord } from "../../../harness/sweep/model.ts";
import { temporaryFolder, writeSyntheticManifest, writeSyntheticRun } from "../synthetic-run.ts";

test("a canary is in no table of results and in no figure, but its level is told and its runs have details", async (t) => {
  const folder = temporaryFolder(t);
  writeSyntheticManifest(folder);
  const settings = { limits: { minSamples: 1 } };
  writeSyntheticRun(folder, { query: "q0", settings, order: 0 });
  const cell = { id: "canary", axes: {}, canary: true as const };
  const run: RunRecord["run"] = { id: "canary-r1", cell, repetition: 1, order: 1, block: 0 };
  writeSyntheticRun(folder, { id: run.id, query: "q0", settings, change: { run }, latencyUs: () => 77_000 });
  await analyzeSweep(folder);
  const drawn = readdirSync(join(folder, "figures")).filter((name) => name.endsWith(".csv"));
  assert.ok(drawn.length > 1, drawn.join());
  for (const name of drawn) {
    assert.doesNotMatch(name + readFileSync(join(folder, "figures", name), "utf8"), /canary/, name);
  }
  const page = readFileSync(join(folder, "report.html"), "utf8");
  const results = page.slice(page.indexOf('<h2 id="results"'), page.indexOf('<h2 id="runs"'));
  assert.match(results, /Canary, a bare echo .*: 1 of 1 runs valid, p50 from 77\.\d ms to 77\.\d ms\./);
  assert.doesNotMatch(results, /href="#run-canary-r1"/);
  assert.match(page, /<details id="run-canary-r1"/);
  assert.match(readFileSync(join(folder, "runs.csv"), "utf8"), /canary-r1/);
});
