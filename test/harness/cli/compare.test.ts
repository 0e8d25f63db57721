import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { runCli } from "../../../harness/cli/cli.ts";
import type { Manifest } from "../../../harness/sweep/store.ts";
import { campaignWith, recordedRuns, resultOf } from "../analyze/compare/recorded.ts";
import { temporaryFolder } from "../synthetic-run.ts";
import { fakeIo } from "./fake-io.ts";

/** Two results folders, `a` and `b`; everything in `b` takes so much longer. */
function folders(t: TestContext, slower: number, change: Partial<Manifest> = {}): string {
  const root = temporaryFolder(t);
  const runs = recordedRuns().filter(({ campaign }) => campaign === 7);
  for (const [name, by, changed] of [
    ["a", 0, {}],
    ["b", slower, change],
  ] as const) {
    const of = campaignWith(
      runs.map((run, i) => resultOf(run, i, by)),
      changed,
    );
    const { manifest, results } = of;
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, "manifest.json"), JSON.stringify(manifest));
    writeFileSync(join(root, name, "runs.jsonl"), results.map((result) => `${JSON.stringify(result)}\n`).join(""));
  }
  return root;
}

async function bench(cwd: string, ...argv: string[]) {
  const io = fakeIo({ cwd });
  const code = await runCli(argv, io);
  return { code, out: io.out(), err: io.err() };
}

describe("bench compare", () => {
  it("ends with 6 for what is slower, and tells by how much, for people, pull requests and machines", async (t) => {
    const cwd = folders(t, 0.6);
    const text = await bench(cwd, "compare", "a", "b", "--gate", "p50", "--gate", "cpu");
    assert.equal(text.code, 6, text.err);
    assert.match(text.out, /^A {2}a \(commit 01234567, 2026-01-01 00:00\): 12 of 12 runs valid$/m);
    assert.match(text.out, /^q0 +p50 \* +12 .* \+60 % \[.*\].* worse$/m);
    assert.match(text.out, /\nregression: p50 of q0; cpu of q0\n$/);
    const markdown = await bench(cwd, "compare", "a", "b", "--markdown");
    assert.match(markdown.out, /^\*\*regression\*\*: /);
    assert.match(markdown.out, /^\| q0 \| p50 \\\* \| 12 \|/m);
    const json = JSON.parse((await bench(cwd, "compare", "a", "b", "--json")).out);
    assert.deepEqual([json.version, json.verdict, json.exitCode, json.a.valid], [1, "regression", 6, 12]);
    assert.deepEqual(json.rows.map((row: { metric: string; verdict: string }) => row.metric).slice(0, 3), [
      "p50",
      "p90",
      "p99",
    ]);
    assert.ok(Math.abs(json.rows[0].change - 0.6) < 1e-9);
  });

  it("is 0 for better, 5 for what nobody can tell", async (t) => {
    assert.equal((await bench(folders(t, -0.4), "compare", "a", "b", "--gate", "p50")).code, 0);
    const same = await bench(folders(t, 0), "compare", "a", "b");
    assert.equal(same.code, 5);
    assert.match(same.out, /cannot tell \(MDC \d+ %/);
  });

  it("refuses what is not alike, lists all of it, and says how to insist", async (t) => {
    const cells = { q0: { query: "q0", load: { rate: 2_000 }, parallelism: 4 } };
    const cwd = folders(t, 0, { cells });
    const { code, out, err } = await bench(cwd, "compare", "a", "b");
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /config: parallelism: not there in A, 4 in B\n/);
    assert.match(err, /rate: load\.rate: 1000 in A, 2000 in B\n/);
    assert.match(err, /hint: .*--allow rate --allow config/);
    const told = await bench(cwd, "compare", "a", "b", "--allow", "config,rate", "--gate", "p50");
    assert.equal(told.code, 5);
    assert.match(told.out, /allowed difference, config: parallelism/);
  });

  it("says so when the sides have no cell in common, which no --allow can mend", async (t) => {
    const cwd = folders(t, 0);
    const alone = JSON.parse(readFileSync(join(cwd, "b", "manifest.json"), "utf8")) as Manifest;
    const order = alone.order.map((run) => ({ ...run, cell: { ...run.cell, axes: { query: "q9" } } }));
    writeFileSync(join(cwd, "b", "manifest.json"), JSON.stringify({ ...alone, order }));
    const { code, err } = await bench(cwd, "compare", "a", "b");
    assert.equal(code, 2);
    assert.match(err, /cells: 1 is in A only: q0\n {2}cells: 1 is in B only: q9\nhint: They have no cell in common\. /);
    const insisted = await bench(cwd, "compare", "a", "b", "--allow", "cells");
    assert.equal(insisted.code, 5);
    assert.match(insisted.out, /hint: They have no cell in common\. /);
  });

  it("gives no probability where one side has no data", async (t) => {
    const cwd = folders(t, 0);
    const runs = readFileSync(join(cwd, "b", "runs.jsonl"), "utf8")
      .trimEnd()
      .split("\n");
    const invalid = runs.map((line) => `${JSON.stringify({ ...JSON.parse(line), state: "invalid" })}\n`);
    writeFileSync(join(cwd, "b", "runs.jsonl"), invalid.join(""));
    const { code, out } = await bench(cwd, "compare", "a", "b");
    assert.equal(code, 5);
    assert.match(out, /^q0 +p50 \* +12, 0 +\S+ ms +– +– +– +– +n too small +cannot tell \(no data\)$/m);
  });

  it("names what it does not know", async (t) => {
    const cwd = folders(t, 0);
    assert.match((await bench(cwd, "compare", "a", "nowhere")).err, /there is no folder \S+nowhere\n/);
    assert.match(
      (await bench(cwd, "compare", "a", "b", "--gate", "p98")).err,
      /there is no "p98"\nhint: There are p50/,
    );
    assert.match((await bench(cwd, "compare", "a@system=x", "b")).err, /no cell with system=x/);
    assert.equal((await bench(cwd, "compare", "a")).code, 2);
  });

  it("compares variants of one folder block by block", async (t) => {
    const json = JSON.parse((await bench(folders(t, 0), "compare", "a@query=q0", "a@query=q0", "--json")).out);
    assert.equal(json.method.paired, true);
  });
});

describe("bench noise", () => {
  it("reads results folders", async (t) => {
    const cwd = folders(t, 0.1);
    const { code, out } = await bench(cwd, "noise", "a", "b");
    assert.equal(code, 0);
    assert.match(out, /^q0 +p50 \* +24 .* 10 % /m);
    assert.match(out, /recommended: repetitions: \d+ \(for /);
    const json = JSON.parse((await bench(cwd, "noise", "a", "--json", "--effect", "30")).out);
    assert.deepEqual([json.version, json.effect, json.rows[0].metric, json.rows[0].between], [1, 0.3, "p50", null]);
  });

  it("plans the runs of a config", async (t) => {
    const config = "name: floor\nquery: q0\nload: { rate: 1k/s, duration: 5s }\nwarmup: 1s\n";
    const cwd = temporaryFolder(t);
    writeFileSync(join(cwd, "floor.yaml"), config);
    const { code, out } = await bench(cwd, "noise", "floor.yaml", "--repetitions", "5", "--dry-run");
    assert.equal(code, 0);
    assert.match(out, /1 cell x 5 repetitions/);
    assert.equal((await bench(cwd, "noise", "floor.yaml", "floor.yaml")).code, 2);
  });
});
