import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { analyzeRunFully } from "../../../harness/analyze/analyze-run.ts";
import { readRunRecord } from "../../../harness/analyze/results-folder.ts";
import { runConfig } from "../../../harness/analyze/run-config.ts";
import { comparisonOf } from "../../../harness/verify/comparison.ts";
import { type VerifyOutcome, verify } from "../../../harness/verify/verify.ts";
import type { Value } from "../../../queries/query.ts";
import { findQuery } from "../../../queries/registry.ts";
import { type Output, type SyntheticRun, temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

const CLEAN = { lost: 0, duplicate: 0, wrong: 0, unexpected: 0, premature: 0, outOfOrder: 0 };
const UPDATES = { data: { partitionRule: "auction" } };
const FINAL = { data: { partitionRule: "roundRobin" } };
const Q9_PRICE = 12;
const Q9_ID = 0;

function check(t: TestContext, spec: SyntheticRun, bucketRows?: number): VerifyOutcome {
  const folder = temporaryFolder(t);
  const id = writeSyntheticRun(folder, spec);
  const record = readRunRecord(folder, id);
  const { data, schedule, watermarkDelayMs } = runConfig(record);
  return verify({
    query: findQuery(spec.query),
    data,
    watermarkDelayMs,
    observationsFile: join(folder, "raw", id, "observations.bin"),
    isolation: 0,
    dueUs: (index) => record.startUs + Math.floor(schedule.dueNs(index) / 1000),
    scratchDirectory: join(folder, "scratch"),
    ...(bucketRows === undefined ? {} : { bucketRows }),
  });
}

function counts({ summary }: VerifyOutcome): Record<string, number> {
  const { expected: _e, observed: _o, matched: _m, ...rest } = summary;
  return rest;
}

const idOf = (output: Output): Value => output.values[Q9_ID]!;

/** Indexes of the outputs of the first auction with at least `count` updates. */
function updatesOfOne(outputs: readonly Output[], count: number): number[] {
  for (const { values } of outputs) {
    const own = outputs.flatMap((output, i) => (idOf(output) === values[Q9_ID] ? [i] : []));
    if (own.length >= count) return own;
  }
  throw new Error(`no auction has ${count} updates`);
}

const altered = (output: Output): Output => ({ ...output, values: output.values.with(Q9_PRICE, 1) });
/** A key lies in one output partition, whatever input partitions its events come from. */
const byKey = (outputs: Output[]): Output[] =>
  outputs.map((output) => ({ ...output, partition: Number(idOf(output)) % 4 }));

type Plant = {
  what: string;
  tamper: (o: Output[]) => Output[];
  updates: Partial<typeof CLEAN> & { readonly replaced?: number };
  final: Partial<typeof CLEAN>;
};

/** One error each, and what either mode must say of it. */
const plants: Plant[] = [
  { what: "nothing", tamper: (all) => all, updates: {}, final: {} },
  {
    what: "an update that is not the last of its key is missing",
    tamper: (all) => all.toSpliced(updatesOfOne(all, 3)[1]!, 1),
    updates: { lost: 1 },
    final: {},
  },
  {
    what: "the last update of a key is missing",
    tamper: (all) => all.toSpliced(updatesOfOne(all, 3).at(-1)!, 1),
    updates: { lost: 1 },
    final: { wrong: 1 },
  },
  {
    what: "a key never comes",
    tamper: (all) => {
      const own = new Set(updatesOfOne(all, 3));
      return all.filter((_, i) => !own.has(i));
    },
    updates: { lost: -1 },
    final: { lost: 1 },
  },
  {
    what: "an update is repeated",
    tamper: (all) => {
      const i = updatesOfOne(all, 3)[1]!;
      return all.toSpliced(i, 0, all[i]!);
    },
    updates: { duplicate: 1 },
    final: {},
  },
  {
    what: "an update in between is altered",
    tamper: (all) => {
      const i = updatesOfOne(all, 3)[1]!;
      return all.with(i, altered(all[i]!));
    },
    updates: { wrong: 1, lost: 1, replaced: 1 },
    final: {},
  },
  {
    what: "the last update of a key is altered",
    tamper: (all) => {
      const i = updatesOfOne(all, 3).at(-1)!;
      return all.with(i, altered(all[i]!));
    },
    updates: { wrong: 1, lost: 1, replaced: 1 },
    final: { wrong: 1 },
  },
  {
    what: "two updates of a key change places",
    tamper: (all) => {
      const [i, j] = updatesOfOne(all, 3).slice(-2) as [number, number];
      const late = { ...all[i]!, observedUs: all[j]!.observedUs };
      return [...all.slice(0, i), ...all.slice(i + 1, j + 1), late, ...all.slice(j + 1)];
    },
    updates: { outOfOrder: 1 },
    final: { wrong: 1 },
  },
  {
    what: "a row of a key that does not exist",
    tamper: (all) => [...all, { ...all.at(-1)!, values: all.at(-1)!.values.with(Q9_ID, 987_654_321) }],
    updates: { unexpected: 1 },
    final: { unexpected: 1 },
  },
  {
    what: "a record that is no row at the end",
    tamper: (all) => [...all, { ...all.at(-1)!, undecodable: true }],
    updates: { unexpected: 1 },
    final: { unexpected: 1 },
  },
  {
    what: "an update before its event was due",
    tamper: (all) => {
      const i = updatesOfOne(all, 3)[1]!;
      return all.with(i, { ...all[i]!, observedUs: all[i]!.observedUs - 500_000 });
    },
    updates: { premature: 1 },
    final: {},
  },
];

describe("upsert queries: every update where the data decide the sequence, final rows elsewhere", () => {
  for (const { what, tamper, updates, final } of plants) {
    for (const bucketRows of [undefined, 700]) {
      const where = bucketRows === undefined ? "" : " (joined on disk)";
      it(`every update: ${what}${where}`, (t) => {
        let missing = 0;
        const spec: SyntheticRun = {
          query: "q9",
          settings: UPDATES,
          tamper: (all) => {
            const tampered = tamper(all);
            missing = all.length - tampered.length;
            return tampered;
          },
        };
        const outcome = check(t, spec, bucketRows);
        assert.ok(outcome.summary.expected > 500);
        const wanted = { ...CLEAN, ...updates, ...(updates.lost === -1 ? { lost: missing } : {}) };
        assert.deepEqual(counts(outcome), wanted);
        assert.equal(outcome.summary.matched + outcome.summary.lost, outcome.summary.expected);
      });
      it(`final rows: ${what}${where}`, (t) => {
        let keys = 0;
        const spec: SyntheticRun = {
          query: "q9",
          settings: FINAL,
          tamper: (all) => {
            keys = new Set(all.map(idOf)).size;
            return tamper(byKey(all));
          },
        };
        const outcome = check(t, spec, bucketRows);
        assert.deepEqual(counts(outcome), { ...CLEAN, ...final });
        const { expected, matched, lost, wrong } = outcome.summary;
        assert.equal(expected, keys);
        assert.equal(matched + lost + wrong, expected);
        assert.equal(outcome.examples.length, lost + wrong + outcome.summary.unexpected);
      });
    }
  }

  it("q19 too: the ranks that one bid changes share its trigger and are in order", (t) => {
    for (const settings of [UPDATES, FINAL]) {
      const spec: SyntheticRun = { query: "q19", settings, tamper: settings === FINAL ? byKey : (all) => all };
      const outcome = check(t, spec);
      assert.deepEqual(counts(outcome), CLEAN);
      assert.equal(outcome.summary.matched, outcome.summary.expected);
      assert.ok(outcome.summary.expected > 500);
    }
  });

  it("which mode it is, follows from the data alone", () => {
    const append = { output: { kind: "append" } } as const;
    const upsert = (updatesFollow: "onePartition" | "auction") =>
      ({ output: { kind: "upsert", key: ["k"], updatesFollow } }) as const;
    const data = (partitions: number, rule: string) => ({ partitions, keepsAuctionsTogether: rule === "auction" });
    assert.equal(comparisonOf(append, data(4, "roundRobin")), "everyRow");
    assert.equal(comparisonOf(upsert("auction"), data(4, "auction")), "everyRow");
    assert.equal(comparisonOf(upsert("auction"), data(4, "roundRobin")), "finalRows");
    assert.equal(comparisonOf(upsert("onePartition"), data(4, "auction")), "finalRows");
    assert.equal(comparisonOf(upsert("onePartition"), data(1, "roundRobin")), "everyRow");
  });

  it("without followed updates no latency is claimed, the run is still valid, and the report says why", async (t) => {
    const folder = temporaryFolder(t);
    const finalOnly = writeSyntheticRun(folder, { id: "final", query: "q9", settings: FINAL, tamper: byKey });
    const every = writeSyntheticRun(folder, { id: "every", query: "q9", settings: UPDATES });
    const [a, b] = [await analyzeRunFully(folder, finalOnly), await analyzeRunFully(folder, every)];
    assert.deepEqual([a.result.state, a.result.reasons], ["valid", []]);
    assert.equal(a.result.latencyUs.n, 0);
    assert.match(a.result.notes?.[0] ?? "", /last row of each key of q9.*partitionRule: auction/);
    assert.deepEqual([b.result.state, b.result.notes], ["valid", undefined]);
    assert.ok(b.result.latencyUs.n > 500);
  });
});
