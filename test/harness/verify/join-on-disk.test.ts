import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readRunRecord } from "../../../harness/analyze/results-folder.ts";
import { runConfig } from "../../../harness/analyze/run-config.ts";
import { emptyObservation } from "../../../harness/measure/observation-reader.ts";
import { ViolationBook } from "../../../harness/verify/examples.ts";
import { OrderWatch } from "../../../harness/verify/order-watch.ts";
import { PartitionedRecords } from "../../../harness/verify/partitioned-records.ts";
import { verify } from "../../../harness/verify/verify.ts";
import { findQuery } from "../../../queries/registry.ts";
import { type Output, temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

/** A bit of every error: lost, duplicate, wrong, unexpected, undecodable, premature, out of order. */
function spoil(outputs: Output[], price: number): Output[] {
  const late = outputs.at(-1)!.observedUs;
  return outputs.flatMap((output, i): Output[] => {
    if (i % 37 === 0) return [];
    if (i % 31 === 0) return [output, output];
    if (i % 29 === 0) return [{ ...output, values: output.values.with(price, 1) }];
    if (i % 23 === 0) return [output, { ...output, values: output.values.with(0, 900_000_000 + i) }];
    if (i % 19 === 0) return [{ ...output, undecodable: true }];
    if (i % 17 === 0) return [{ ...output, observedUs: output.observedUs - 3_000_000 }];
    if (i % 13 === 0) return [{ ...output, observedUs: late + i }];
    return [output];
  });
}

describe("a join on disk", () => {
  for (const { query, settings, price, least } of [
    { query: "q0", settings: {}, price: 2, least: 6 },
    { query: "q9", settings: { data: { partitionRule: "auction" } }, price: 12, least: 5 },
  ]) {
    it(`tells the same of the same outputs in the same order as one in memory (${query})`, (t) => {
      const folder = temporaryFolder(t);
      const tamper = (all: Output[]) => spoil(all, price).sort((a, b) => a.observedUs - b.observedUs);
      const id = writeSyntheticRun(folder, { query, settings, tamper });
      const record = readRunRecord(folder, id);
      const { data, schedule, watermarkDelayMs } = runConfig(record);
      const run = (bucketRows: number) => {
        const told: unknown[] = [];
        const phases: string[] = [];
        const outcome = verify({
          query: findQuery(query),
          data,
          watermarkDelayMs,
          observationsFile: join(folder, "raw", id, "observations.bin"),
          isolation: 0,
          dueUs: (index) => record.startUs + Math.floor(schedule.dueNs(index) / 1000),
          scratchDirectory: join(folder, "scratch"),
          bucketRows,
          onMatch: (match) => told.push(structuredClone(match)),
          onStray: (observation, ordinal, isCopy) => told.push([structuredClone(observation), ordinal, isCopy]),
          onPhase: (phase) => phases.push(phase),
        });
        return { told, phases, outcome };
      };
      const memory = run(1_000_000);
      const copies = memory.told.filter((one) => Array.isArray(one) && one[2] === true).length;
      assert.equal(copies, memory.outcome.summary.duplicate);
      const kinds = new Set(memory.outcome.examples.map(({ kind }) => kind));
      assert.ok(kinds.size >= least, [...kinds].join());
      assert.deepEqual(memory.phases, ["expected", "join"]);
      for (const bucketRows of [1_500, 150]) {
        const disk = run(bucketRows);
        assert.deepEqual(disk.phases, ["expected", "observed", "join", "inOrder"]);
        assert.deepEqual(disk.outcome, memory.outcome);
        assert.deepEqual(disk.told, memory.told);
        assert.equal(existsSync(join(folder, "scratch")), false);
      }
    });
  }

  it("leaves no folder behind where only the check of order needed one", (t) => {
    const folder = temporaryFolder(t);
    const settings = { load: { rate: "5k/s", duration: "4s" }, data: { events: 20_000, partitions: 32 } };
    const id = writeSyntheticRun(folder, { query: "q0", settings });
    const record = readRunRecord(folder, id);
    const { data, watermarkDelayMs } = runConfig(record);
    const lanes = new Set<string>();
    const { summary } = verify({
      query: findQuery("q0"),
      data,
      watermarkDelayMs,
      observationsFile: join(folder, "raw", id, "observations.bin"),
      isolation: 0,
      dueUs: () => 0,
      scratchDirectory: join(folder, "scratch"),
      onMatch: (m) => lanes.add([m.orderHigh, m.orderLow, m.trigger! % 32, m.observation.partition].join()),
    });
    assert.ok(lanes.size > 8_192, `${lanes.size} lanes all fit into memory`);
    assert.deepEqual([summary.matched, summary.outOfOrder], [summary.expected, 0]);
    assert.equal(existsSync(join(folder, "scratch")), false);
  });

  it("keeps files open only while they are written: a process may have 1,024 of them", {
    skip: !existsSync("/proc/self/fd"),
  }, (t) => {
    const directory = temporaryFolder(t);
    const open = () => readdirSync("/proc/self/fd").length;
    const before = open();
    const records = new PartitionedRecords({ recordBytes: 4, partitions: 300, directory, name: "r" });
    const write = (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        const at = records.append(i % 300);
        records.view.setUint32(at, i, true);
      }
    };
    write(0, 6_000_000);
    assert.ok(open() >= before + 300);
    records.closeFiles();
    assert.equal(open(), before);
    write(6_000_000, 12_000_000);
    records.closeFiles();
    const found: number[] = [];
    records.forEach(7, (view, at) => found.push(view.getUint32(at, true)));
    assert.equal(open(), before + 1);
    assert.deepEqual(
      found,
      Array.from({ length: 40_000 }, (_, i) => i * 300 + 7),
    );
    records.dispose();
    assert.deepEqual([open(), readdirSync(directory)], [before, []]);
  });

  it("finds the same outputs out of order when the keys do not fit into memory", (t) => {
    const directory = temporaryFolder(t);
    const outputs = fc.array(fc.record({ key: fc.nat(6), partition: fc.nat(2), trigger: fc.nat(20) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(outputs, fc.nat(8), (matches, mostLanes) => {
        const found = (most: number) => {
          const book = new ViolationBook();
          const locate = (ordinal: number) => ({ ordinal, partition: 0, offset: ordinal, observedUs: 0 });
          const watch = new OrderWatch({ book, partitionOf: (i) => i % 2, mostLanes: most, directory, locate });
          matches.forEach(({ key, partition, trigger }, ordinal) => {
            const observation = { ...emptyObservation(), partition };
            const orderHigh = 0xfffffff0 + key;
            watch.onMatch({ ordinal, observation, trigger, lastInput: 0, expected: ordinal, orderHigh, orderLow: key });
          });
          watch.finish();
          watch.dispose();
          return { counts: book.counts, examples: book.examples() };
        };
        assert.deepEqual(found(mostLanes), found(1_000));
      }),
      { numRuns: 12 },
    );
  });
});
