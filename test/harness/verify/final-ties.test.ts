import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { OBSERVATION_BYTES, writeObservation } from "../../../harness/measure/observation.ts";
import { RowHasher } from "../../../harness/verify/row-hash.ts";
import { verify } from "../../../harness/verify/verify.ts";
import type { ExpectedRow } from "../../../queries/query.ts";
import { findQuery } from "../../../queries/registry.ts";

const folder = mkdtempSync(join(tmpdir(), "faultline-final-"));
after(() => rmSync(folder, { recursive: true }));

interface Seen {
  readonly key: number;
  readonly value: number;
  readonly partition: number;
  readonly offset: number;
  readonly appendMs: number;
}

type Verdict = Readonly<Record<"matched" | "wrong" | "lost", number>>;

/** What is said of rows of an upsert query (key, value), `expected` in the order of the oracle, `seen` in the order of reading. */
function check(expected: readonly ExpectedRow[], seen: readonly Seen[], bucketRows: number): Verdict {
  const column = (name: string) => ({ name, type: "i64" as const });
  const query = {
    ...findQuery("q9"),
    columns: [column("key"), column("value")],
    identity: [],
    nameColumns: ["key"],
    orderKey: ["key"],
    output: { kind: "upsert" as const, key: ["key"], updatesFollow: "onePartition" as const },
    oracle: () => ({
      onEvent() {},
      onEnd: (emit: (row: ExpectedRow) => void) => expected.forEach(emit),
    }),
  };
  const hasher = new RowHasher(query);
  const view = new DataView(new ArrayBuffer(seen.length * OBSERVATION_BYTES));
  seen.forEach(({ key, value, ...place }, i) => {
    hasher.fromValues([key, value]);
    const { nameHigh, nameLow, contentHigh, contentLow } = hasher;
    const hashes = { nameHigh, nameLow, contentHigh, contentLow };
    writeObservation(view, i * OBSERVATION_BYTES, { ...hashes, ...place, observedUs: i, isolation: 0, flags: 0 });
  });
  const observationsFile = join(folder, "observations.bin");
  writeFileSync(observationsFile, view);
  const { summary } = verify({
    query,
    data: new NexmarkDataSet({ options: resolveNexmarkOptions({ events: 20 }), partitions: 2 }),
    watermarkDelayMs: 0,
    observationsFile,
    isolation: 0,
    dueUs: () => 0,
    scratchDirectory: join(folder, "scratch"),
    bucketRows,
  });
  const { matched, wrong, lost } = summary;
  return { matched, wrong, lost };
}

const KEYS = 3;
const pair = fc.record({ key: fc.nat(KEYS - 1), value: fc.nat(2) });
/** Rows of few keys and values that share few triggers. */
const expectedRows = fc
  .array(fc.record({ row: pair, trigger: fc.nat(2) }), { maxLength: 12 })
  .map((rows) => rows.map(({ row, trigger }) => ({ values: [row.key, row.value], lastInput: trigger })));
/** Rows of few append times on a few partitions; a partition's append times ascend with its offsets. */
const seenRows = (partitions: number) =>
  fc
    .array(fc.record({ row: pair, partition: fc.nat(partitions - 1), ms: fc.nat(3) }), { maxLength: 14 })
    .map((rows) => {
      const offsets = new Array<number>(partitions).fill(0);
      const sorted = rows.toSorted((a, b) => a.ms - b.ms);
      return sorted.map(({ row, partition, ms }) => ({
        ...row,
        partition,
        offset: offsets[partition]!++,
        appendMs: ms,
      }));
    });

/** The rule, said plainly: of the last rows of each partition those appended last, all of which must be right. */
function ruled(expected: readonly ExpectedRow[], seen: readonly Seen[]): Verdict {
  const verdict = { matched: 0, wrong: 0, lost: 0 };
  const finals = new Map(expected.map(({ values }) => [values[0], values[1]]));
  for (const [key, value] of finals) {
    const own = seen.filter((row) => row.key === key);
    const lasts = own.filter((a) => !own.some((b) => b.partition === a.partition && b.offset > a.offset));
    const latestMs = Math.max(...lasts.map(({ appendMs }) => appendMs));
    const candidates = lasts.filter(({ appendMs }) => appendMs === latestMs);
    if (candidates.length === 0) verdict.lost++;
    else if (candidates.every((row) => row.value === value)) verdict.matched++;
    else verdict.wrong++;
  }
  return verdict;
}

/** Another order in which an observer may read the same partitions: each by offset, however interleaved. */
const byPartition = (rows: readonly Seen[], first: number): Seen[] =>
  rows.toSorted((a, b) => ((a.partition + first) % 3) - ((b.partition + first) % 3) || a.offset - b.offset);

describe("final rows of an upsert query", () => {
  it("rows of one key with the same trigger and time: the oracle's last against the highest offset, and no other", () => {
    fc.assert(
      fc.property(expectedRows, seenRows(1), (expected, seen) => {
        for (const bucketRows of [1_000, 4]) {
          assert.deepEqual(check(expected, seen, bucketRows), ruled(expected, seen));
        }
      }),
      { numRuns: 100 },
    );
  });

  it("rows of one key in several partitions: the same verdict whatever order they were read in", () => {
    fc.assert(
      fc.property(expectedRows, seenRows(3), (expected, seen) => {
        for (const order of [seen, byPartition(seen, 0), byPartition(seen, 1), byPartition(seen, 2)]) {
          assert.deepEqual(check(expected, order, 1_000), ruled(expected, seen));
        }
      }),
      { numRuns: 100 },
    );
  });

  it("a tie between partitions is no pass by luck: when one of the rows is wrong, the key is", () => {
    const expected = [{ values: [1, 7], lastInput: 0 }];
    const right = { key: 1, value: 7, partition: 0, offset: 0, appendMs: 5 };
    const other = { key: 1, value: 8, partition: 1, offset: 0, appendMs: 5 };
    for (const seen of [
      [right, other],
      [other, right],
    ]) {
      assert.deepEqual(check(expected, seen, 1_000), { matched: 0, wrong: 1, lost: 0 });
      const later = seen.map((row) => (row === right ? { ...row, appendMs: 6 } : row));
      assert.deepEqual(check(expected, later, 1_000), { matched: 1, wrong: 0, lost: 0 });
    }
  });
});
