import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { DEFAULT_JOB_OPTIONS } from "../../engine/cluster/job-spec.ts";
import type { LogSourceSupplier } from "../../engine/connectors/source-supplier.ts";
import { describePlan, planJob } from "../../engine/dataflow/planner.ts";
import { runSimulated } from "../../engine/simulation/run-simulated.ts";
import sensors from "./engine-example.ts";

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

function supplier(): LogSourceSupplier {
  const of = (partition: number) => READINGS.filter((_, i) => i % PARTITIONS === partition);
  return {
    partitions: PARTITIONS,
    endOffset: (partition) => of(partition).length,
    read(partition, offset, maxRecords) {
      const values = of(partition)
        .slice(offset, offset + maxRecords)
        .map((reading) => JSON.stringify(reading));
      const offsets = new Int32Array(values.length + 1);
      values.forEach((value, i) => {
        offsets[i + 1] = offsets[i]! + value.length;
      });
      return { bytes: new TextEncoder().encode(values.join("")), count: values.length, offsets };
    },
  };
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
  it("shows the example that is tested here", () => {
    assert.equal(blockOf("ts"), read("./engine-example.ts"));
  });

  it("shows its plan", () => {
    assert.equal(
      `${describePlan(planJob(sensors({ limit: LIMIT }), { parallelism: 2, keyGroups: 128 }))}\n`,
      blockOf("plan"),
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
        supplier,
        seed: 7,
        batchRecords: 50,
        onRecord: (sink, _partition, value) => rows[sink]!.push(new TextDecoder().decode(value)),
      });
      assert.deepEqual({ alarms: rows.alarms!.sort(), peaks: rows.peaks!.sort() }, expected());
      assert.ok(result.counters.every(({ custom }) => (custom.lateRows ?? 0) === 0 && (custom.undecodable ?? 0) === 0));
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
