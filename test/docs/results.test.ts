import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ERROR_CODES } from "../../base/errors.ts";
import { EXIT } from "../../base/exit-codes.ts";
import { analyzeSweep } from "../../harness/analyze/analyze.ts";
import { TAGS } from "../../harness/analyze/run-recorder.ts";
import { resolveText } from "../../harness/config/load.ts";
import { OBSERVATION_BYTES, writeObservation } from "../../harness/measure/observation.ts";
import { latenciesCsv } from "../../harness/report/latencies.ts";
import { REASON_CODES } from "../../harness/sweep/model.ts";
import { taskLogFile } from "../../harness/sweep/task-watch.ts";
import { writeScriptedRun } from "../harness/scripted-fault.ts";
import { START_US, temporaryFolder, writeSyntheticManifest, writeSyntheticRun } from "../harness/synthetic-run.ts";

const page = readFileSync(new URL("../../docs/results.md", import.meta.url), "utf8");

/** The text from a heading, or from where `name` is first explained, to the next heading. */
function section(title: string): string {
  const start = page.indexOf(`\n## ${title}\n`);
  assert.ok(start >= 0, `no section ${title}`);
  const end = page.indexOf("\n## ", start + 1);
  return page.slice(start, end < 0 ? undefined : end);
}

/** Rows of all tables of a text, cells trimmed, without headings. */
function rows(text: string): string[][] {
  return [...text.matchAll(/^\|(?!---)(.*)\|$/gm)]
    .map((match) => match[1]!.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter((cells) => !["column", "file", "code", "field", "reason", "tag", "offset"].includes(cells[0]!));
}

function coded(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
}

/** What the first column of a section's tables names. */
function named(text: string): string[] {
  return rows(text).flatMap(([first]) => coded(first!));
}

/** Names of the table that follows the paragraph about this file. */
function figureColumns(file: string): string[] {
  const text = section("figures/*.csv");
  const start = text.indexOf(`\`${file}\`:`);
  assert.ok(start >= 0, file);
  return named(text.slice(start).split("\n\n")[1]!);
}

describe("docs/results.md", () => {
  let folder = "";
  let files: string[] = [];
  const header = (file: string) => readFileSync(join(folder, file), "utf8").split("\n")[0]!.split(",");
  const json = (file: string) => JSON.parse(readFileSync(join(folder, file), "utf8").split("\n")[0]!);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "faultline-docs-"));
    writeSyntheticManifest(folder);
    const data = { nexmark: { eventRatePerSecond: 1_000 }, watermarkDelay: "1s" };
    writeSyntheticRun(folder, { id: "RUN", query: "q0", settings: { data, limits: { minSamples: 1 } } });
    // A second rate: without one there is no latency over throughput.
    const settings = {
      data: { ...data, events: 4_000 },
      limits: { minSamples: 1 },
      load: { rate: "1k/s", duration: "4s" },
    };
    writeSyntheticRun(folder, { id: "RUN2", cell: "slower", query: "q0", order: 1, settings });
    await analyzeSweep(folder);
    const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    files = found.map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replace("RUN2", "RUN"),
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("lists every file that analysis leaves", () => {
    const listed = named(section("Files")).map((file) => file.replace("<run>", "RUN"));
    assert.deepEqual(
      files.filter((file) => !listed.includes(file)),
      [],
    );
    // Checkpoints and committed data are of runs that have them, and so are figures of them. Latencies are of queries whose rows carry the engine's stamps: not of this one. It has no faults either.
    const derived = listed.filter(
      (file) =>
        !/^(raw|logs|latencies|\.lock|live\.json|faults|recovery|replication|capacity)|-around-fault-|\.(committed|checkpoints|checkpoint-tasks|replication|merge-waits|tasks)\.csv$|^figures\/(recovery|checkpoint|fault-tolerance|capacity|run-order|scalability|rate-grid|cost)/.test(
          file,
        ),
    );
    assert.deepEqual(
      derived.filter((file) => !files.includes(file)),
      [],
    );
  });

  for (const file of ["runs.csv", "resources.csv", "summary.csv"]) {
    it(`names the columns of ${file}, in order`, () => {
      assert.deepEqual(named(section(file)), header(file));
    });
  }

  it("names the columns of the series, in order", () => {
    const found = header("series/RUN.csv");
    const roles = found.filter((name) => name.endsWith("_cpu_percent")).map((name) => name.replace("_cpu_percent", ""));
    assert.ok(roles.length > 0);
    const documented = named(section("series/*.csv"));
    const general = documented.filter((name) => !name.startsWith("<role>"));
    const ofRoles = documented.filter((name) => name.startsWith("<role>"));
    const expected = roles.flatMap((role) => ofRoles.map((name) => name.replace("<role>", role)));
    assert.deepEqual(found, [...general, ...expected]);
  });

  it("names the columns of the figures' data, in order", () => {
    assert.deepEqual(figureColumns("latency-percentiles.csv"), header("figures/latency-percentiles.csv"));
    assert.deepEqual(figureColumns("throughput-latency.csv"), header("figures/throughput-latency.csv"));
    assert.deepEqual(figureColumns("latency-over-time-<run>.csv"), header("figures/latency-over-time-RUN.csv"));
    assert.deepEqual(figureColumns("latency-heat-map-<run>.csv"), header("figures/latency-heat-map-RUN.csv"));
    assert.deepEqual(figureColumns("latency-distribution.csv"), header("figures/latency-distribution.csv"));
    for (const name of ["run-order", "scalability", "rate-grid-parallelism", "cost"]) {
      const file = readFileSync(new URL(`../golden/figures/${name}.csv`, import.meta.url), "utf8");
      const documented = `${name.replace("parallelism", "<setting>")}.csv`;
      assert.deepEqual(figureColumns(documented), file.split("\n")[0]!.split(","), documented);
    }
  });

  it("names the files and columns that tell of faults, in order", async (t) => {
    const struck = temporaryFolder(t);
    writeSyntheticManifest(struck);
    const faults = [{ kind: "kill", target: "worker/1", at: "2s" }];
    const id = writeSyntheticRun(struck, { id: "RUN", query: "q0", settings: { recovery: "scratch", faults } });
    const times = { requestedUs: START_US, injectedUs: START_US, observedUs: START_US + 2_000_000, detectedUs: null };
    const record = { version: 1, index: 0, ...faults[0], ...times, recoveredUs: null, victim: null, evidence: [] };
    writeFileSync(join(struck, "raw", id, "faults.jsonl"), `${JSON.stringify({ ...record, problem: "x" })}\n`);
    const [result] = await analyzeSweep(struck);
    const head = (file: string) => readFileSync(join(struck, file), "utf8").split("\n")[0]!.split(",");
    assert.deepEqual(named(section("faults.csv")), head("faults.csv"));
    for (const figure of ["latency-around-fault", "throughput-around-fault"]) {
      assert.deepEqual(figureColumns(`${figure}-<name>.csv`), head(`figures/${figure}-RUN-1.csv`));
    }
    assert.equal(JSON.parse(readFileSync(join(struck, "faults.jsonl"), "utf8")).run, result!.run.id);
  });

  it("names the files and columns of runs with checkpoints and transactions, in order", async (t) => {
    const scripted = temporaryFolder(t);
    writeSyntheticManifest(scripted);
    writeScriptedRun(scripted, { id: "RUN" });
    const [result] = await analyzeSweep(scripted);
    const head = (file: string) => readFileSync(join(scripted, file), "utf8").split("\n")[0]!.split(",");
    assert.deepEqual(named(section("recovery.csv")), head("recovery.csv"));
    for (const part of ["committed", "checkpoints", "checkpoint-tasks"]) {
      assert.deepEqual(named(section(`series/*.${part}.csv`)), head(`series/RUN.${part}.csv`));
    }
    assert.deepEqual(figureColumns("recovery.csv"), head("figures/recovery.csv"));
    assert.deepEqual(figureColumns("checkpoints-<run>.csv"), head("figures/checkpoints-RUN.csv"));
    for (const name of Object.keys(result!.checkpoints!)) assert.ok(page.includes(`\`${name}\``), name);
    const listed = named(section("Files")).map((file) => file.replace("<run>", "RUN"));
    const left = readdirSync(scripted, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const names = left.map((entry) => join(entry.parentPath, entry.name).slice(scripted.length + 1));
    assert.deepEqual(
      names.map((name) => name.replace("RUN-1.", "<name>.")).filter((name) => !listed.includes(name)),
      [],
    );
  });

  it("names the files and columns of a search for the capacity, and the parts of a threshold, in order", async (t) => {
    const searched = temporaryFolder(t);
    const text = "query: q0\nload: {rate: 2k/s, duration: 4s}\nwarmup: 1s\n";
    const { config } = resolveText(text, "t.yaml", []);
    writeSyntheticManifest(searched);
    const manifest = JSON.parse(readFileSync(join(searched, "manifest.json"), "utf8"));
    writeFileSync(join(searched, "manifest.json"), JSON.stringify({ ...manifest, kind: "capacity", config }));
    const settings = { thresholds: ["p99 < 1s", { check: "max < 1s", over: "1s" }] };
    writeSyntheticRun(searched, { id: "RUN", query: "q0", axes: { "load.rate": "2k/s" }, settings });
    const [result] = await analyzeSweep(searched);
    const head = (file: string) => readFileSync(join(searched, file), "utf8").split("\n")[0]!.split(",");
    assert.deepEqual(named(section("capacity.json, capacity.csv")), head("capacity.csv"));
    assert.deepEqual(figureColumns("capacity-trace.csv"), head("figures/capacity-trace.csv"));
    const told = section("capacity.json, capacity.csv");
    const stored = JSON.parse(readFileSync(join(searched, "capacity.json"), "utf8"));
    for (const name of [...Object.keys(stored), ...Object.keys(stored.answer)]) {
      assert.ok(told.includes(`\`${name}\``), name);
    }
    for (const threshold of result!.thresholds!) {
      assert.equal(threshold.state, "passed");
      for (const name of Object.keys(threshold)) assert.ok(page.includes(`\`${name}\``), name);
    }
    assert.match(readFileSync(join(searched, "report.html"), "utf8"), /Capacity: not known, no search came to an end/);
  });

  it("names the files and columns of runs with replicas, in order", async (t) => {
    const replicated = temporaryFolder(t);
    writeSyntheticManifest(replicated);
    const id = writeSyntheticRun(replicated, { id: "RUN", query: "q0" });
    const counts = { instances: 1, replicas: 2 };
    const header = { version: 1, replication: { merge: "kaZoo", factor: 2 }, vertices: { counts } };
    const counters = { recordsIn: 0, recordsOut: 0, bytesOut: 0, busyUs: 0, blockedUs: 0, watermarkMs: null };
    const task = { vertex: "counts", subtask: 0, ...counters, custom: { "mergeWaits.0": 1 } };
    const looks = [START_US, START_US + 1_000_000].map((atUs) => ({ atUs, tasks: [task] }));
    writeFileSync(
      taskLogFile(join(replicated, "raw", id)),
      [header, ...looks].map((line) => `${JSON.stringify(line)}\n`).join(""),
    );
    const [result] = await analyzeSweep(replicated);
    const head = (file: string) => readFileSync(join(replicated, file), "utf8").split("\n")[0]!.split(",");
    assert.deepEqual(named(section("replication.csv")), head("replication.csv"));
    for (const part of ["replication", "merge-waits", "tasks"]) {
      assert.deepEqual(named(section(`series/*.${part}.csv`)), head(`series/RUN.${part}.csv`));
    }
    for (const name of Object.keys(result!.replication!)) assert.ok(page.includes(`\`${name}\``), name);
  });

  it("names the columns of the latencies, which have no header, in order", () => {
    const times = { dueMs: 1_000, receivedMs: 2_000, sentMs: 4_500, observedMs: 8_000 };
    const line = latenciesCsv([times]).trimEnd().split(",").map(Number);
    const columns = Object.fromEntries(named(section("latencies/*.csv")).map((name, i) => [name, line[i]]));
    const [due, received, sent, observed] = Object.values(times);
    assert.deepEqual(columns, { due, received, sent, observed, latency: 7_000, engine_latency: 2_500 });
  });

  it("names the fields of a result and its reasons", () => {
    const [fields, reasons] = section("runs.jsonl").split("| reason |");
    const result = json("runs.jsonl");
    // Absent where there is nothing to say.
    const sometimes = [
      "faults",
      "notes",
      "planted",
      "committed",
      "checkpoints",
      "checkpointIntervalMs",
      "costBaseline",
      "replication",
      "thresholds",
      "machine",
    ];
    const optional = sometimes.filter((name) => !(name in result));
    assert.deepEqual(named(fields!).sort(), [...Object.keys(result), ...optional].sort());
    for (const part of ["verified", "latencyUs", "run"]) {
      for (const name of Object.keys(result[part])) assert.ok(fields!.includes(`\`${name}\``), `${part}.${name}`);
    }
    assert.deepEqual(named(reasons!).sort(), [...REASON_CODES].sort());
  });

  it("names the fields of a run's record and of a sample", () => {
    const record = JSON.parse(readFileSync(join(folder, "raw/RUN/run.json"), "utf8"));
    const documented = named(section("raw/").split("`observations.bin`:")[0]!);
    assert.deepEqual(
      Object.keys(record).filter((name) => !documented.includes(name)),
      [],
    );
    for (const name of Object.keys(record.feeder)) assert.ok(section("raw/").includes(`\`${name}\``), name);
    for (const name of Object.keys(json("raw/RUN/resources.jsonl")))
      assert.ok(section("raw/").includes(`\`${name}\``), name);
  });

  it("names the tags of the histogram log", () => {
    assert.deepEqual(named(section("hist/*.hlog")), [...TAGS]);
  });

  it("gives the exit codes and where every error code belongs", () => {
    const table = new Map(rows(section("Exit codes")).map(([code, , errors]) => [Number(code), coded(errors!)]));
    assert.deepEqual([...table.keys()].sort(), Object.values(EXIT).sort());
    for (const [code, exit] of Object.entries(ERROR_CODES)) assert.ok(table.get(exit)!.includes(code), code);
    assert.equal([...table.values()].flat().length, Object.keys(ERROR_CODES).length);
  });

  it("describes the bytes of an observation", () => {
    const bytes = new DataView(new ArrayBuffer(OBSERVATION_BYTES));
    const hashes = { nameHigh: 11, nameLow: 12, contentHigh: 13, contentLow: 14 };
    const values = { observedUs: 10.5, ...hashes, offset: 15.5, appendMs: 16, partition: 17, flags: 1 };
    writeObservation(bytes, 0, { ...values, isolation: 1 });
    const size = { f64: 8, u32: 4, u16: 2, u8: 1 } as const;
    const read = {
      f64: (at: number) => bytes.getFloat64(at, true),
      u32: (at: number) => bytes.getUint32(at, true),
      u16: (at: number) => bytes.getUint16(at, true),
      u8: (at: number) => bytes.getUint8(at),
    };
    const fields = rows(section("raw/").split("`observations.bin`:")[1]!).filter(([at]) => /^\d+$/.test(at!));
    const kindOf = (type: string) => type as keyof typeof size;
    assert.deepEqual(
      fields.map(([at, type]) => read[kindOf(type!)](Number(at))),
      [10.5, 11, 12, 13, 14, 15.5, 16, 17, 1, 1],
    );
    const [at, type] = fields.at(-1)!;
    assert.equal(Number(at) + size[kindOf(type!)], OBSERVATION_BYTES);
  });
});
