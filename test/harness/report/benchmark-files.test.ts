import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { analyzeSweep } from "../../../harness/analyze/analyze.ts";
import { parseCsv } from "../../../harness/nightly/csv-reader.ts";
import { benchmarkFiles } from "../../../harness/report/benchmark-files.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { campaignWith, recordedRuns, resultOf } from "../analyze/compare/recorded.ts";
import { temporaryFolder, writeSyntheticManifest, writeSyntheticRun } from "../synthetic-run.ts";

const run = (block: number, p50: number): RunResult =>
  resultOf({ ...recordedRuns()[0]!, p50, p90: 2 * p50, p99: 3 * p50, cpu: 50 }, block);

function filesOf(results: readonly RunResult[]) {
  const { manifest } = campaignWith(results, { name: "mine" });
  return benchmarkFiles(manifest, results);
}

const json = (text: string | undefined) => JSON.parse(text!);

describe("files for histories of benchmarks", () => {
  const results = [1_000, 1_100, 1_200, 1_300, 1_400, 1_500, 1_600].map((p50, block) => run(block, p50));
  const files = filesOf(results);

  it("github-action-benchmark: names, units, medians, intervals; only what is better when smaller", () => {
    const entries = json(files.get("github-benchmark.json"));
    assert.deepEqual(entries[0], {
      name: "mine/q0 p50",
      unit: "us",
      value: 1_300,
      range: "1000 to 1600",
      extra: "median of 7 runs",
    });
    for (const entry of entries) {
      assert.deepEqual([typeof entry.name, typeof entry.unit, typeof entry.value], ["string", "string", "number"]);
    }
    const names = entries.map(({ name }: { name: string }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.includes("mine/q0 cpu"));
    assert.ok(!names.includes("mine/q0 achieved"));
  });

  it("Bencher: benchmark, measure, value with bounds", () => {
    const benchmarks = json(files.get("bencher.json"));
    assert.deepEqual(Object.keys(benchmarks), ["mine/q0"]);
    assert.deepEqual(benchmarks["mine/q0"]["p50-us"], { value: 1_300, lower_value: 1_000, upper_value: 1_600 });
    assert.deepEqual(Object.keys(benchmarks["mine/q0"]["achieved-per-second"]), [
      "value",
      "lower_value",
      "upper_value",
    ]);
    // A slug of Bencher's has 64 characters at most.
    for (const measure of Object.keys(benchmarks["mine/q0"])) assert.match(measure, /^[a-z0-9-]{1,64}$/);
  });

  it("Otava: a time, attributes, and a number in every column of a metric", () => {
    const [header, row, ...more] = parseCsv(files.get("history.csv")!);
    assert.deepEqual(header!.slice(0, 6), ["format_version", "time", "campaign", "commit", "version", "machine"]);
    assert.deepEqual(row!.slice(1, 6), ["2026-01-01T00:00:00.000Z", "mine", "0123456789", "1", "2 x x, 8 GiB"]);
    assert.deepEqual(more, []);
    assert.equal(row![header!.indexOf("q0.p50_us")], "1300");
    for (const value of row!.slice(6)) assert.ok(value !== "" && Number.isFinite(Number(value)), value);
    // `branch` means something to Otava.
    assert.ok(!header!.includes("branch"));
  });

  it("have no part of runs that are not valid, or in which errors were planted", () => {
    const bad: RunResult[] = [
      { ...run(7, 9e6), state: "invalid" },
      { ...run(8, 9e6), state: "failed" },
      { ...run(9, 9e6), planted: "drop:1" },
    ];
    assert.deepEqual([...filesOf([...results, ...bad])], [...files]);
    const none = filesOf(bad);
    assert.deepEqual([json(none.get("github-benchmark.json")), json(none.get("bencher.json"))], [[], {}]);
    assert.equal(parseCsv(none.get("history.csv")!).length, 1);
  });

  it("say no interval of fewer than six runs", () => {
    const few = filesOf(results.slice(0, 5));
    assert.ok(!("range" in json(few.get("github-benchmark.json"))[0]));
    assert.deepEqual(json(few.get("bencher.json"))["mine/q0"]["p50-us"], { value: 1_200 });
  });

  it("are written by the analysis, the same again", async (t) => {
    const folder = temporaryFolder(t);
    writeSyntheticManifest(folder);
    writeSyntheticRun(folder, { query: "q0" });
    await analyzeSweep(folder);
    const read = () =>
      ["github-benchmark.json", "bencher.json", "history.csv"].map((name) => readFileSync(join(folder, name), "utf8"));
    const first = read();
    assert.ok(json(first[0]).length > 0 && existsSync(join(folder, "report.html")));
    await analyzeSweep(folder);
    assert.deepEqual(read(), first);
  });
});
