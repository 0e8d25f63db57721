import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { DEFAULT_JOB_OPTIONS } from "../../engine/cluster/job-spec.ts";
import type { JobFactory } from "../../engine/dataflow/graph.ts";
import { describePlan, planJob } from "../../engine/dataflow/planner.ts";
import { runSimulated } from "../../engine/simulation/run-simulated.ts";
import { textSupplier } from "../../engine/simulation/text-supplier.ts";
import sensors from "./engine-example.ts";
import statistics from "./engine-example-aggregates.ts";
import effects from "./engine-example-effects.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const page = read("../../docs/engine.md");
const blockOf = (language: string) => new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];

interface Reading {
  readonly sensor: number;
  readonly celsius: number;
  readonly at: number;
}

const PARTITIONS = 3;
const LIMIT = 30;

/** Four minutes of five sensors, up to 2 s out of order within a partition. */
const READINGS: readonly Reading[] = Array.from({ length: 2_400 }, (_, i) => {
  return { sensor: i % 5, celsius: ((i * 7919) % 401) / 10, at: 1_000_000 + i * 100 - ((i * 31) % 20) * 100 };
});

/** One of them comes three minutes late: whatever the pace of watermarks, its window is over. */
const WITH_STRAGGLER = READINGS.with(2_000, { ...READINGS[2_000]!, at: READINGS[0]!.at });

const supplier = (readings = READINGS) =>
  textSupplier(
    Array.from({ length: PARTITIONS }, (_, partition) =>
      readings.filter((_, i) => i % PARTITIONS === partition).map((reading) => JSON.stringify(reading)),
    ),
  );

/** Rows of each sink. The second source of the examples has no rows; the service knows no oven. */
function run(job: JobFactory, parallelism: number, readings = READINGS): Record<string, Record<string, number>[]> {
  const rows: Record<string, Record<string, number>[]> = {};
  const answer = (_endpoint: string, request: Uint8Array) => {
    const place = new TextDecoder().decode(request);
    return place === "oven" ? new Error("too hot") : new TextEncoder().encode(`leave the ${place}`);
  };
  runSimulated({
    job,
    parallelism,
    workers: parallelism,
    supplier: (source) => (source === "limits" ? { ...supplier(), endOffset: () => 0 } : supplier(readings)),
    seed: 7,
    batchRecords: 4,
    surroundings: { service: { latencyUs: [200, 2_000], answer } },
    onRecord: (sink, _partition, value) => {
      rows[sink] ??= [];
      rows[sink].push(JSON.parse(new TextDecoder().decode(value)));
    },
  });
  return rows;
}

/** The results of the example, computed without an engine. */
function expected(): { readonly alarms: string[]; readonly peaks: string[] } {
  const hot = new Map<string, number>();
  const highest = new Map<string, number>();
  for (const { sensor, celsius, at } of READINGS) {
    const key = `${sensor} ${Math.floor(at / 60_000) * 60_000}`;
    if (celsius > LIMIT) hot.set(key, (hot.get(key) ?? 0) + 1);
    highest.set(key, Math.max(highest.get(key) ?? Number.NEGATIVE_INFINITY, celsius));
  }
  const lines = (map: Map<string, number>, line: (sensor: number, minute: number, value: number) => object) =>
    [...map]
      .map(([key, value]) => JSON.stringify(line(Number(key.split(" ")[0]), Number(key.split(" ")[1]), value)))
      .sort();
  return {
    alarms: lines(hot, (sensor, window_start, readings) => {
      return { sensor, readings, window_start, window_end: window_start + 60_000 };
    }),
    peaks: lines(highest, (sensor, minute, celsius) => ({ sensor, minute, celsius })),
  };
}

describe("docs/engine.md", () => {
  it("shows the examples that are tested here", () => {
    assert.equal(blockOf("ts"), read("./engine-example.ts"));
    for (const file of ["./engine-example-run.ts", "./engine-example-aggregates.ts", "./engine-example-effects.ts"]) {
      assert.ok(page.includes(`\`\`\`ts\n${read(file)}\`\`\``), file);
    }
  });

  it("shows its plan", () => {
    assert.equal(
      `${describePlan(planJob(sensors({ limit: LIMIT }), { parallelism: 2, keyGroups: 128 }))}\n`,
      blockOf("plan"),
    );
  });

  it("the program that runs the example prints its rows", () => {
    const lines = execFileSync(process.execPath, [fileURLToPath(new URL("engine-example-run.ts", import.meta.url))]);
    const sinks = lines
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ")[0]);
    assert.deepEqual(
      [sinks.filter((sink) => sink === "alarms").length, sinks.filter((sink) => sink === "peaks").length],
      [4, 4],
    );
  });

  for (const [parallelism, workers] of [
    [1, 1],
    [2, 2],
    [4, 3],
  ] as const) {
    it(`the example gives the right rows, parallelism ${parallelism} on ${workers} workers`, () => {
      const rows: Record<string, string[]> = { alarms: [], peaks: [] };
      const result = runSimulated({
        job: sensors,
        parameters: { limit: LIMIT },
        parallelism,
        workers,
        supplier: () => supplier(),
        seed: 7,
        batchRecords: 50,
        onRecord: (sink, _partition, value) => rows[sink]!.push(new TextDecoder().decode(value)),
      });
      assert.deepEqual({ alarms: rows.alarms!.sort(), peaks: rows.peaks!.sort() }, expected());
      assert.ok(result.counters.every(({ custom }) => (custom.lateRows ?? 0) === 0 && (custom.undecodable ?? 0) === 0));
    });
  }

  for (const parallelism of [1, 2, 4]) {
    it(`the example of aggregates gives the right rows, parallelism ${parallelism}`, () => {
      const rows = run(statistics, parallelism, WITH_STRAGGLER);
      const late = rows.lateOut!.length;
      assert.ok(late > 0);
      assert.equal(
        rows.perMinuteOut!.reduce((sum, { readings }) => sum + readings!, late),
        WITH_STRAGGLER.length,
      );
      const highest = new Map<number, number>();
      const rising = WITH_STRAGGLER.filter(({ sensor, celsius }) => {
        const rises = celsius > (highest.get(sensor) ?? Number.NEGATIVE_INFINITY);
        if (rises) highest.set(sensor, celsius);
        return rises;
      });
      assert.ok(rows.recordsOut!.length >= 5 && rows.recordsOut!.length <= rising.length + 100);
      const last = new Map(rows.recordsOut!.map(({ sensor, highest }) => [sensor!, highest!]));
      assert.deepEqual([...last].sort(), [...highest].sort());
      assert.equal(
        rows.arrivalsOut!.reduce((sum, { count }) => sum + count!, 0),
        WITH_STRAGGLER.length,
      );
      assert.ok(rows.smoothOut!.length > 0 && rows.smoothOut!.length <= WITH_STRAGGLER.length);
    });

    it(`the example of tables, services and loops gives the right rows, parallelism ${parallelism}`, () => {
      const rows = run(effects, parallelism);
      const placed = READINGS.filter(({ sensor, celsius }) => celsius > 30 && sensor < 3);
      const places = ["roof", "cellar", "oven"];
      const of = (place: string) => placed.filter(({ sensor }) => places[sensor] === place).length;
      const advice = rows.adviceOut as unknown as { place: string; advice: string }[];
      for (const place of ["roof", "cellar"]) {
        const own = advice.filter((row) => row.place === place);
        assert.equal(own.length, of(place));
        assert.ok(own.every((row) => row.advice === `leave the ${place}`));
      }
      assert.equal(advice.length, of("roof") + of("cellar"));
      assert.equal(rows.failedOut!.length, of("oven"));
      const rounds = (celsius: number) => Math.ceil(celsius - 20 - 1e-9);
      assert.deepEqual(
        rows.cooledOut!.map((row) => row.rounds!).sort(),
        placed.map(({ celsius }) => rounds(celsius)).sort(),
      );
    });
  }

  it("names files and folders that are there", () => {
    const paths = [...page.matchAll(/`((?:engine|test|queries|harness)\/[A-Za-z0-9/._-]+)`/g)].map(
      (match) => match[1]!,
    );
    assert.ok(paths.length > 20);
    assert.deepEqual(
      paths.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url))),
      [],
    );
  });

  it("gives the defaults of a job's options", () => {
    for (const [option, value] of Object.entries(DEFAULT_JOB_OPTIONS)) {
      assert.ok(page.includes(`| \`${option}\` | ${value} |`), `${option} = ${value}`);
    }
  });
});
