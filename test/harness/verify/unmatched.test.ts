import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { analyzeRunFully } from "../../../harness/analyze/analyze-run.ts";
import type { FetchUnmatched } from "../../../harness/analyze/check-run.ts";
import { emptyObservation } from "../../../harness/measure/observation-reader.ts";
import { MAX_UNMATCHED, UnmatchedList } from "../../../harness/verify/unmatched.ts";
import { type Output, temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

describe("rows that match nothing are kept whole", () => {
  it("they are fetched while the topic exists, and analysis shows them ever after", async (t) => {
    const folder = temporaryFolder(t);
    const id = writeSyntheticRun(folder, {
      query: "q0",
      tamper: (all) => all.map((o, i) => (i === 500 ? { ...o, values: o.values.with(2, 1) } : o)),
    });
    const asked: unknown[] = [];
    const value = '{"auction":1,"bidder":2,"price":1,"dateTime":3,"extra":"<x>"}';
    await analyzeRunFully(folder, id, {
      fetchUnmatched: async (places) => {
        asked.push(...places);
        return places.map((place) => ({ ...place, timestampMs: 9, value }));
      },
    });
    assert.equal(asked.length, 1);
    const kept = readFileSync(join(folder, "raw", id, "unmatched.jsonl"), "utf8");
    assert.deepEqual(JSON.parse(kept), { ...(asked[0] as object), timestampMs: 9, value });
    const { examples } = await analyzeRunFully(folder, id);
    const wrong = examples.find(({ kind }) => kind === "wrong");
    assert.deepEqual(wrong?.values, [1, 2, 1, 3, "<x>"]);
    assert.equal(wrong?.text, value);
    const lost = examples.find(({ kind }) => kind === "lost");
    assert.equal(lost?.values?.length, 5, "values of the lost row come from the oracle");
  });

  it("a row without the columns that identify it is told which they are", async (t) => {
    const folder = temporaryFolder(t);
    const tamper = (all: Output[]) => all.map((o, i) => (i === 5 ? { ...o, undecodable: true } : o));
    const id = writeSyntheticRun(folder, { query: "q2", tamper });
    const problemOf = async (value: string) => {
      const fetchUnmatched: FetchUnmatched = async (places) =>
        places.map((place) => ({ ...place, timestampMs: 9, value }));
      const { examples } = await analyzeRunFully(folder, id, { fetchUnmatched });
      return examples.find(({ kind }) => kind === "unexpected")?.problem;
    };
    assert.equal(await problemOf('{"auction":1,"price":1}'), "has no bidder, dateTime, which identify outputs of q2");
    assert.equal(
      await problemOf('{"auction":1,"bidder":2,"dateTime":3,"seen":1}'),
      "has no price; has seen, which q2 has not",
    );
    assert.equal(await problemOf("no JSON"), undefined);
  });

  it("the first ones are kept, in bounded number, whatever the order they are found in", () => {
    const list = new UnmatchedList();
    const observation = emptyObservation();
    for (let i = 0; i < 10_000; i++) {
      const ordinal = (i * 7919) % 10_000;
      observation.offset = ordinal;
      list.add(observation, ordinal);
    }
    const offsets = list.places().map(({ offset }) => offset);
    assert.deepEqual(
      offsets,
      Array.from({ length: MAX_UNMATCHED }, (_, i) => i),
    );
  });
});
