import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { OBSERVATION_BYTES, writeObservation } from "../../../harness/measure/observation.ts";
import { RowHasher } from "../../../harness/verify/row-hash.ts";
import { type VerifyOutcome, verify } from "../../../harness/verify/verify.ts";
import type { ExpectedRow } from "../../../queries/query.ts";
import { findQuery } from "../../../queries/registry.ts";
import { temporaryFolder } from "../synthetic-run.ts";

/** Event i is due at i ms. */
const dueUs = (index: number) => index * 1_000;

interface Charged {
  readonly value: number;
  readonly trigger: number | null;
}

/** Verifies observations (value, ms) of a query with one column against rows that an oracle emits at the end. */
function check(
  t: TestContext,
  rows: readonly ExpectedRow[],
  observed: readonly { readonly value: number; readonly ms: number }[],
): VerifyOutcome & { readonly charged: readonly Charged[] } {
  const folder = temporaryFolder(t);
  const query = {
    ...findQuery("q2"),
    columns: [{ name: "auction", type: "i64" as const }],
    identity: [],
    nameColumns: ["auction"],
    orderKey: [],
    oracle: () => ({
      onEvent() {},
      onEnd: (emit: (row: ExpectedRow) => void) => rows.forEach(emit),
    }),
  };
  const hasher = new RowHasher(query);
  const view = new DataView(new ArrayBuffer(observed.length * OBSERVATION_BYTES));
  observed.forEach(({ value, ms }, i) => {
    hasher.fromValues([value]);
    const { nameHigh, nameLow, contentHigh, contentLow } = hasher;
    const fixed = { observedUs: ms * 1_000, offset: i, appendMs: 0, partition: 0, isolation: 0 as const, flags: 0 };
    writeObservation(view, i * OBSERVATION_BYTES, { nameHigh, nameLow, contentHigh, contentLow, ...fixed });
  });
  const observationsFile = join(folder, "observations.bin");
  writeFileSync(observationsFile, view);
  const charged: Charged[] = [];
  const outcome = verify({
    query,
    data: new NexmarkDataSet({ options: resolveNexmarkOptions({ events: 1_000 }) }),
    watermarkDelayMs: 0,
    observationsFile,
    isolation: 0,
    dueUs,
    scratchDirectory: join(folder, "scratch"),
    onMatch: ({ ordinal, trigger }) => charged.push({ value: observed[ordinal]!.value, trigger }),
  });
  return { ...outcome, charged };
}

const row = (value: number, lastInput: number): ExpectedRow => ({ values: [value], lastInput });

describe("equal rows", () => {
  it("the n-th observed is charged to the n-th smallest trigger, whatever order the oracle emits them in", (t) => {
    const rows = Array.from({ length: 100 }, (_, i) => row(i % 2, 99 - i));
    const observed = rows.map((_, i) => ({ value: i % 2, ms: 10_000 + i }));
    const { charged, summary } = check(t, rows, observed);
    assert.equal(summary.matched, 100);
    for (const value of [0, 1]) {
      const triggers = charged.filter((match) => match.value === value).map(({ trigger }) => trigger);
      const wanted = Array.from({ length: 50 }, (_, n) => 1 - value + 2 * n);
      assert.deepEqual(triggers, wanted);
    }
  });

  it("a repetition before the next equal row was due does not hide that the next one is lost", (t) => {
    const { summary, charged } = check(
      t,
      [row(7, 10), row(7, 500)],
      [
        { value: 7, ms: 12 },
        { value: 7, ms: 400 },
      ],
    );
    assert.deepEqual(charged, [{ value: 7, trigger: 10 }]);
    const { matched, lost, duplicate, premature } = summary;
    assert.deepEqual({ matched, lost, duplicate, premature }, { matched: 1, lost: 1, duplicate: 1, premature: 0 });
  });

  it("a repetition in between leaves the next equal row its own latency", (t) => {
    const { summary, charged } = check(
      t,
      [row(7, 10), row(7, 500)],
      [
        { value: 7, ms: 12 },
        { value: 7, ms: 13 },
        { value: 7, ms: 505 },
      ],
    );
    assert.deepEqual(
      charged.map(({ trigger }) => trigger),
      [10, 500],
    );
    assert.deepEqual([summary.duplicate, summary.lost], [1, 0]);
  });

  it("what stays open is the row with the later trigger", (t) => {
    const real = check(t, [row(7, 10), row(7, 20)], [{ value: 7, ms: 30 }]);
    assert.deepEqual(real.charged, [{ value: 7, trigger: 10 }]);
    assert.equal(real.summary.lost, 1);
    assert.deepEqual(
      real.examples.map(({ kind, trigger }) => [kind, trigger]),
      [["lost", 20]],
    );
  });
});
