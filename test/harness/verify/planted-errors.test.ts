import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { readRunRecord } from "../../../harness/analyze/results-folder.ts";
import { runConfig } from "../../../harness/analyze/run-config.ts";
import type { VerifyOutcome } from "../../../harness/verify/verify.ts";
import { verify } from "../../../harness/verify/verify.ts";
import { findQuery } from "../../../queries/registry.ts";
import { inOrder, type Output, type SyntheticRun, temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

const CLEAN = { lost: 0, duplicate: 0, wrong: 0, unexpected: 0, premature: 0, outOfOrder: 0 };

function check(t: TestContext, spec: SyntheticRun, bucketRows?: number): VerifyOutcome {
  const folder = temporaryFolder(t);
  const id = writeSyntheticRun(folder, spec);
  const record = readRunRecord(folder, id);
  const { data, schedule, watermarkDelayMs } = runConfig(record);
  const scratchDirectory = join(folder, "scratch");
  const outcome = verify({
    query: findQuery(spec.query),
    data,
    watermarkDelayMs,
    observationsFile: join(folder, "raw", id, "observations.bin"),
    isolation: 0,
    dueUs: (index) => record.startUs + Math.floor(schedule.dueNs(index) / 1000),
    scratchDirectory,
    ...(bucketRows === undefined ? {} : { bucketRows }),
  });
  assert.deepEqual(readdirSync(folder), ["raw"], "temporary files are removed");
  return outcome;
}

function counts({ summary }: VerifyOutcome): Record<string, number> {
  const { expected: _e, observed: _o, matched: _m, ...rest } = summary;
  return rest;
}

/** A tamperer that changes the n-th output in place. */
function at(n: number, change: (output: Output, all: Output[]) => Output[]): SyntheticRun["tamper"] {
  return (outputs) => [...outputs.slice(0, n), ...change(outputs[n]!, outputs), ...outputs.slice(n + 1)];
}

const PRICE = 2;
const AUCTION = 0;

/** Two outputs of the same auction and input partition, the earlier one first. */
function pairOfOneKey(outputs: Output[]): [number, number] {
  for (let i = 0; i < outputs.length; i++) {
    const [a, aIn] = [outputs[i]!, outputs[i]!.partition];
    const j = outputs.findIndex((b, k) => k > i && b.values[AUCTION] === a.values[AUCTION] && b.partition === aIn);
    if (j > 0) return [i, j];
  }
  throw new Error("no such pair");
}

const plants: {
  what: string;
  query: string;
  tamper?: SyntheticRun["tamper"];
  found: Partial<typeof CLEAN> & { replaced?: number };
}[] = [
  { what: "nothing (q0)", query: "q0", found: {} },
  { what: "nothing (q2)", query: "q2", found: {} },
  { what: "nothing (q5)", query: "q5", found: {} },
  { what: "a dropped row", query: "q0", tamper: at(3000, () => []), found: { lost: 1 } },
  { what: "a repeated row", query: "q0", tamper: at(3000, (o) => [o, o]), found: { duplicate: 1 } },
  {
    what: "a row repeated at the end",
    query: "q0",
    tamper: (all) => [...all, { ...all[100]!, observedUs: all.at(-1)!.observedUs }],
    found: { duplicate: 1 },
  },
  {
    what: "an altered price",
    query: "q0",
    tamper: at(3000, (o) => [{ ...o, values: o.values.with(PRICE, 1) }]),
    found: { wrong: 1, lost: 1, replaced: 1 },
  },
  {
    what: "a forged row",
    query: "q0",
    tamper: at(3000, (o) => [o, { ...o, values: o.values.with(AUCTION, 987_654_321) }]),
    found: { unexpected: 1 },
  },
  {
    what: "a record that is no row",
    query: "q0",
    tamper: at(3000, (o) => [{ ...o, undecodable: true }]),
    found: { unexpected: 1, lost: 1 },
  },
  {
    what: "two rows of one key swapped",
    query: "q0",
    tamper: (all) => {
      const [i, j] = pairOfOneKey(all);
      const late = all[j]!.observedUs;
      const rest = all.filter((_, k) => k !== i);
      return rest.toSpliced(j, 0, { ...all[i]!, observedUs: late });
    },
    found: { outOfOrder: 1 },
  },
  {
    what: "a row before its trigger was due",
    query: "q0",
    tamper: at(3000, (o) => [{ ...o, observedUs: o.observedUs - 50_000 }]),
    found: { premature: 1 },
  },
  {
    what: "a window row before its trigger was due",
    query: "q5",
    tamper: at(0, (o) => [{ ...o, observedUs: o.observedUs - 500_000 }]),
    found: { premature: 1 },
  },
  {
    what: "one row lost and another repeated: they do not cancel out",
    query: "q0",
    tamper: (all) => [...all.slice(0, 3000), all[10]!, ...all.slice(3001)],
    found: { lost: 1, duplicate: 1 },
  },
  {
    what: "a row of one window lost, its equal of another window repeated",
    query: "q5",
    tamper: (all) => [all[0]!, ...all.slice(0, -1)],
    found: { lost: 1, duplicate: 1 },
  },
  { what: "everything missing", query: "q2", tamper: () => [], found: { lost: -1 } },
];

describe("planted errors are found, each in its own count", () => {
  const settings = { data: { nexmark: { eventRatePerSecond: 1_000 }, watermarkDelay: "1s" } };
  for (const { what, query, tamper, found } of plants) {
    for (const bucketRows of [undefined, 700]) {
      it(`${what}${bucketRows === undefined ? "" : " (joined on disk)"}`, (t) => {
        const outcome = check(t, { query, settings, ...(tamper === undefined ? {} : { tamper }) }, bucketRows);
        assert.ok(outcome.summary.expected > 0);
        const wanted = { ...CLEAN, ...found, ...(found.lost === -1 ? { lost: outcome.summary.expected } : {}) };
        assert.deepEqual(counts(outcome), wanted);
        assert.equal(outcome.summary.matched + outcome.summary.lost, outcome.summary.expected);
        for (const [kind, count] of Object.entries(wanted)) {
          if (kind === "replaced") continue; // a part of the lost ones
          const examples = outcome.examples.filter((example) => example.kind === kind);
          assert.equal(examples.length, Math.min(count, 20), `examples of ${kind}`);
        }
      });
    }
  }

  it("examples are the first ones, in memory and on disk alike", (t) => {
    const tamper: SyntheticRun["tamper"] = (all) =>
      all.flatMap((o, i) =>
        i % 7 === 0 ? [] : i % 11 === 0 ? [o, o] : i % 13 === 0 ? [{ ...o, undecodable: true }] : [o],
      );
    const spec = { query: "q0", settings, tamper };
    const inMemory = check(t, spec);
    const onDisk = check(t, spec, 500);
    assert.deepEqual(onDisk, inMemory);
    assert.ok(inMemory.summary.lost > 20);
  });

  it("outputs that come in the order of their triggers are in order", (t) => {
    const tamper: SyntheticRun["tamper"] = (all, random) => inOrder(random.shuffled(all));
    assert.deepEqual(counts(check(t, { query: "q0", settings, tamper })), CLEAN);
  });
});
