import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { HistogramLogReader, listTags } from "hdr-histogram-js";
import { analyzeSweep } from "../../../harness/analyze/analyze.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { writeSyntheticManifest, writeSyntheticRun } from "../synthetic-run.ts";

const data = { nexmark: { eventRatePerSecond: 1_000 }, watermarkDelay: "1s" };

function files(folder: string): Map<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    found.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), readFileSync(path, "latin1")];
    }),
  );
}

describe("results of a sweep", () => {
  let folder = "";
  let results: readonly RunResult[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "faultline-sweep-"));
    writeSyntheticManifest(folder);
    const settings = { data, limits: { minSamples: 1 } };
    writeSyntheticRun(folder, { query: "q0", settings, order: 2 });
    writeSyntheticRun(folder, { query: "q5", settings, order: 0 });
    writeSyntheticRun(folder, { query: "q0", settings, order: 1, repetition: 2, latencyUs: () => 9_000 });
    const tamper = (all: Parameters<NonNullable<Parameters<typeof writeSyntheticRun>[1]["tamper"]>>[0]) =>
      all.map((o, i) => (i === 0 ? { ...o, values: o.values.with(1, 1_234_567) } : o));
    writeSyntheticRun(folder, { query: "q2", settings, order: 3, tamper });
    results = await analyzeSweep(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("come in the order of execution", () => {
    assert.deepEqual(
      results.map(({ run }) => run.id),
      ["q5-cell-r1", "q0-cell-r2", "q0-cell-r1", "q2-cell-r1"],
    );
    const lines = readFileSync(join(folder, "runs.jsonl"), "utf8").trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      results,
    );
  });

  it("delete all but raw/ and the manifest: the rebuilt files are byte-equal", async () => {
    const first = files(folder);
    for (const name of readdirSync(folder)) {
      if (name !== "raw" && name !== "manifest.json") rmSync(join(folder, name), { recursive: true });
    }
    await analyzeSweep(folder);
    const second = files(folder);
    assert.deepEqual([...second.keys()].sort(), [...first.keys()].sort());
    for (const [name, content] of first) assert.ok(second.get(name) === content, `${name} differs`);
    const svg = [...first.keys()].filter((name) => name.endsWith(".svg"));
    assert.equal(svg.length, 11, svg.join());
    for (const name of svg) assert.ok(first.has(name.replace(".svg", ".csv")), `${name} has its data beside it`);
  });

  it("histograms can be read by other tools and hold every measured value", () => {
    const text = readFileSync(join(folder, "hist", "q0-cell-r1.hlog"), "utf8");
    assert.match(text, /^#\[Histogram log format version 1\.3\]$/m);
    const tags = listTags(text);
    assert.deepEqual(tags, ["e2e-intended", "e2e-output", "uncorrected", "generator-lag", "observer-lag"]);
    const reader = new HistogramLogReader(text);
    const counts = new Map<string, number>();
    const { startTimes } = { startTimes: [] as number[] };
    for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
      counts.set(next.tag, (counts.get(next.tag) ?? 0) + next.totalCount);
      if (next.tag === "e2e-intended") startTimes.push(next.startTimeStampMsec);
    }
    assert.equal(counts.get("e2e-intended"), 7_360);
    assert.equal(counts.get("e2e-output"), 7_360);
    assert.equal(counts.get("generator-lag"), 8_000);
    assert.deepEqual(
      startTimes.map((ms) => ms - 1_700_000_000_000),
      [0, 1_000, 2_000, 3_000],
    );
  });

  it("runs.csv has the documented columns, and empty cells where nothing was measured", () => {
    const [header, ...lines] = readFileSync(join(folder, "runs.csv"), "utf8").trimEnd().split("\n");
    const latency = (prefix: string) =>
      ["p50_us", "p90_us", "p99_us", "p999_us", "max_us", "n"].map((c) => `${prefix}_${c}`);
    const counts = ["expected", "observed", "matched", "lost", "duplicate", "wrong"];
    const verified = [...counts, "unexpected", "premature", "out_of_order"];
    assert.deepEqual(header!.split(","), [
      ...["format_version", "run", "cell", "repetition", "order", "block", "axes_json", "query", "system", "state"],
      ...["reasons", "events", "warmup_ms", "measured_ms", "offered_events_per_second"],
      ...["achieved_input_events_per_second", "achieved_output_rows_per_second"],
      ...latency("latency"),
      "negative_latencies",
      ...["uncorrected_latency", "residence", "engine_latency", "generator_lag", "observer_lag"].flatMap(latency),
      ...verified.map((c) => `verified_${c}`),
      "cpu_seconds",
      "cpu_seconds_per_million_events",
      "data_format",
      ...["recovery", "guarantee", "checkpoint_interval_ms", "checkpoints_completed", "checkpoints_aborted"],
      ...["checkpoint_duration_ms_median", "checkpoint_bytes_median"],
      ...latency("committed_latency"),
      ...verified.map((c) => `committed_verified_${c}`),
      ...["lag_slope_share", "thresholds", "thresholds_crossed", "foreign_cpu_percent", "stolen_cpu_percent"],
    ]);
    assert.equal(lines.length, 4);
    assert.match(
      lines[2]!,
      /^1,q0-cell-r1,q0-cell,1,2,0,"\{""query"":""q0""\}",q0,bundled,valid,,8000,1000,3000,2000,/,
    );
    assert.match(lines[2]!, /,5520,0,.*,,,,,,,/, "residence of a query without windows is empty");
    assert.match(
      lines[2]!,
      /,json,none,at-least-once,{21}-?[\d.]+,,,,$/,
      "no checkpoints, nobody read committed data, nothing asked, nothing known of the machine",
    );
  });

  it("summary.csv has medians over valid runs only", () => {
    const [header, ...lines] = readFileSync(join(folder, "summary.csv"), "utf8").trimEnd().split("\n");
    // The one quoted cell holds no further commas.
    const table = lines.map((line) =>
      Object.fromEntries(header!.split(",").map((name, i) => [name, line.split(",")[i]])),
    );
    assert.deepEqual(
      table.map(({ query, valid_runs, failed_runs }) => [query, valid_runs, failed_runs]),
      [
        ["q0", "2", "0"],
        ["q2", "0", "1"],
        ["q5", "1", "0"],
      ],
    );
    const p50 = results.filter(({ query }) => query === "q0").map(({ latencyUs }) => latencyUs.p50!);
    assert.equal(Number(table[0]!.latency_p50_us_median), (p50[0]! + p50[1]!) / 2);
    assert.equal(table[1]!.latency_p50_us_median, "");
  });

  it("a file of an earlier analysis that this one has no use for is removed", async () => {
    writeFileSync(join(folder, "series", "gone-r1.csv"), "old");
    await analyzeSweep(folder);
    assert.ok(!existsSync(join(folder, "series", "gone-r1.csv")));
  });

  it("the series has a line a second, drain included", () => {
    const [header, ...lines] = readFileSync(join(folder, "series", "q5-cell-r1.csv"), "utf8")
      .trimEnd()
      .split("\n");
    assert.match(
      header!,
      /^format_version,second,offered_events_per_second,input_events_per_second,output_rows_per_second,/,
    );
    const ofRole = "cpu_percent rss_bytes heap_bytes written_bytes_per_second read_bytes_per_second".split(" ");
    const ofRoles = ["kafka", "worker"].flatMap((role) => ofRole.map((name) => `${role}_${name}`));
    assert.ok(header!.endsWith(`,observer_lag_max_us,${ofRoles.join()}`));
    assert.equal(lines.length, 5);
    assert.match(lines[4]!, /^1,4,0,/);
  });

  it("the series tells lags beside latencies: what is overdue at the end of a second comes in the next", () => {
    const [header, ...lines] = readFileSync(join(folder, "series", "q0-cell-r1.csv"), "utf8")
      .trimEnd()
      .split("\n");
    const column = (name: string) => lines.map((line) => line.split(",")[header!.split(",").indexOf(name)]!);
    const [due, came] = ["intended", "output"].map((by) => column(`latency_by_${by}_time_n`).map(Number));
    let overdue = 0;
    const backlog = due!.map((n, second) => (overdue += n - came![second]!));
    assert.deepEqual(column("backlog_rows").map(Number), backlog);
    assert.ok(backlog[0]! > 0 && backlog.at(-1) === 0, `${backlog}`);
    assert.deepEqual([...new Set(column("consumer_lag_events"))], [""], "nobody looked at its tasks");
    assert.ok(Number(column("generator_lag_p99_us")[1]) > 0 && Number(column("observer_lag_max_us")[1]) > 0);
    const percentiles = ["p50", "p90", "p99", "p999"].map((name) => column(`latency_by_intended_time_${name}_us`)[2]!);
    assert.deepEqual(
      percentiles.slice(0, 3),
      percentiles.slice(0, 3).toSorted((a, b) => Number(a) - Number(b)),
    );
    assert.equal(percentiles[3], "", "too few outputs a second");
  });

  it("the report says the verdict, the numbers and their grounds, in one file that asks for nothing else", () => {
    const page = readFileSync(join(folder, "report.html"), "utf8");
    assert.match(page, /1 of 4 runs failed/);
    assert.match(page, /7,360 of 7,360 outputs, 0 lost, 0 duplicate, 0 wrong/);
    assert.match(page, /21 of 22 outputs, 1 lost \(replaced by wrong rows\), 0 duplicate, 1 wrong/);
    assert.match(page, /n too small<br>\(n=5,520\)/);
    assert.match(page, /guarantee-violated/);
    assert.match(page, /minimum partition watermark reaches the end/, "the trigger rule is printed");
    assert.match(page, /0123abcd/, "provenance");
    const { latencyUs } = results[2]!;
    assert.ok(page.includes(`${(latencyUs.max! / 1000).toFixed(2)} ms`));
    assert.ok(page.indexOf("1 of 4 runs failed") < page.indexOf("<figure"), "verdict first");
    const drawn = readdirSync(join(folder, "figures")).filter((name) => name.endsWith(".svg"));
    assert.equal((page.match(/<svg /g) ?? []).length, drawn.length);
    const ids = [...page.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, "no id twice");
    // Names of XML vocabularies are no addresses; anything else that could be fetched is refused.
    const fetched = page.replaceAll(/xmlns(:\w+)?="[^"]*"/g, "");
    assert.doesNotMatch(fetched, /https?:\/\/|<script[^>]* src|<link|@import|src=|url\((?!#)/);
  });
});

describe("a results folder that is none", () => {
  it("is refused with a hint", async () => {
    await assert.rejects(analyzeSweep(join(tmpdir(), "faultline-nowhere")), /there is no folder .*faultline-nowhere/);
  });
});
