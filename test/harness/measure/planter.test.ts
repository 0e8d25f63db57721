import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { analyzeRunFully } from "../../../harness/analyze/analyze-run.ts";
import { type ObservedRecord, Planter } from "../../../harness/measure/planter.ts";
import { PLANT_KINDS, type Plant, parsePlant, plantText } from "../../../harness/verify/plant.ts";
import { wireColumns } from "../../../harness/verify/row-hash.ts";
import { rowText } from "../../../harness/verify/row-text.ts";
import { parseRow } from "../../../harness/verify/typed-value.ts";
import { findQuery } from "../../../queries/registry.ts";
import { type Output, START_US, temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

const NONE: Plant = { drop: 0, repeat: 0, alter: 0, delay: 0, reorder: 0, forge: 0, early: 0 };

/** Sends outputs through a planter as the observer does. */
function planted(outputs: readonly Output[], queryId: string, planter: Planter): Output[] {
  const columns = wireColumns(findQuery(queryId));
  const seen: Output[] = [];
  const emit = ({ value, partition, offset, observedUs }: ObservedRecord) => {
    const values = parseRow(columns, new TextDecoder().decode(value!))!;
    seen.push({ values, partition, observedUs, trigger: outputs[offset]!.trigger });
  };
  outputs.forEach(({ values, partition, observedUs }, offset) => {
    const value = new TextEncoder().encode(
      JSON.stringify(Object.fromEntries(columns.map(({ name }, i) => [name, values[i]]))),
    );
    planter.next({ value, partition, offset, timestampMs: 0, observedUs }, START_US, START_US, emit);
  });
  planter.end(emit);
  return seen;
}

interface PlantedRun {
  readonly query: string;
  readonly plant: Plant;
  readonly seed: number;
}

async function analyzed(t: Pick<TestContext, "after">, { query, plant, seed }: PlantedRun) {
  const folder = temporaryFolder(t as TestContext);
  const planter = new Planter(findQuery(query), plant, seed);
  const asked = PLANT_KINDS.filter((kind) => plant[kind] > 0).map((kind) => `${kind}:${plant[kind]}`);
  const settings = {
    data: { partitionRule: "auction", nexmark: { eventRatePerSecond: 1_000 }, watermarkDelay: "1s" },
    verify: { plant: asked.join() },
  };
  const id = writeSyntheticRun(folder, { query, settings, tamper: (all) => planted(all, query, planter) });
  const { planted: done, impossible, left } = planter;
  writeFileSync(join(folder, "raw", id, "planted.json"), JSON.stringify({ planted: done, impossible, left }));
  return { ...(await analyzeRunFully(folder, id)), planter };
}

function expectedCounts(plant: Plant): Record<string, number> {
  return {
    lost: plant.drop + plant.alter,
    duplicate: plant.repeat,
    wrong: plant.alter,
    unexpected: plant.forge,
    premature: plant.early,
    outOfOrder: plant.reorder,
    ...(plant.alter > 0 ? { replaced: plant.alter } : {}),
  };
}

describe("planted errors are found, each as what it is", () => {
  it("whatever is planted, in whatever order, the counts are exact and the run fails", async (t) => {
    const plants = fc.record(
      Object.fromEntries(PLANT_KINDS.map((kind) => [kind, fc.integer({ min: 0, max: 4 })])) as Record<
        keyof Plant,
        fc.Arbitrary<number>
      >,
    );
    const run = fc.record({
      query: fc.constantFrom("q0", "q1", "q9"),
      plant: plants,
      seed: fc.integer({ min: 0, max: 1e6 }),
    });
    await fc.assert(
      fc.asyncProperty(run, async (spec) => {
        const { result, planter } = await analyzed(t, spec);
        const done = PLANT_KINDS.map((kind) => planter.planted.filter((error) => error.kind === kind).length);
        const real = Object.fromEntries(PLANT_KINDS.map((kind, i) => [kind, done[i]!])) as Plant;
        if (spec.query !== "q9") assert.deepEqual(real, { ...spec.plant });
        const { expected: _e, observed: _o, matched: _m, ...found } = result.verified!;
        assert.deepEqual(found, expectedCounts(real));
        const total = PLANT_KINDS.reduce((sum, kind) => sum + spec.plant[kind], 0);
        assert.equal(planter.planted.length + planter.left, total, "q9 has few rows a key: some cannot be reordered");
        assert.equal(result.state, total === 0 ? "valid" : "failed");
        assert.equal(result.reasons[0]?.code, total === 0 ? undefined : "guarantee-violated");
      }),
      { numRuns: 40 },
    );
  });

  it("a delay shows in the latency, and nowhere else", async (t) => {
    const clean = await analyzed(t, { query: "q0", plant: NONE, seed: 3 });
    const late = await analyzed(t, { query: "q0", plant: { ...NONE, delay: 1 }, seed: 3 });
    const whole = (run: typeof late) => Math.max(...run.intervals["e2e-intended"].map(({ max }) => max));
    assert.ok(whole(clean) < 100_000, `${whole(clean)}`);
    assert.ok(whole(late) > 990_000, `${whole(late)}`);
    assert.deepEqual(late.result.verified, clean.result.verified);
    assert.equal(late.result.state, "failed", "a planted run is no measurement");
    assert.match(late.result.reasons[0]?.message ?? "", /PLANTED errors: 1 delay .*found: nothing/);
  });

  it("a loss and a repetition do not cancel out", async (t) => {
    const { result } = await analyzed(t, { query: "q0", plant: { ...NONE, drop: 1, repeat: 1 }, seed: 1 });
    assert.equal(result.verified?.observed, result.verified?.expected, "as many came as should");
    assert.deepEqual([result.verified?.lost, result.verified?.duplicate], [1, 1]);
    assert.equal(result.planted, "drop:1,repeat:1");
  });

  it("the seed alone decides what is hit", async (t) => {
    const plant = { ...NONE, drop: 2, forge: 2 };
    const hit = async (seed: number) => (await analyzed(t, { query: "q0", plant, seed })).planter.planted;
    assert.deepEqual(await hit(5), await hit(5));
    assert.notDeepEqual(await hit(5), await hit(6));
  });

  it("nothing is planted before the warm-up is over, and too few outputs are told", () => {
    const planter = new Planter(findQuery("q0"), { ...NONE, drop: 3 }, 1);
    const record = { value: new TextEncoder().encode("{}"), partition: 0, offset: 0, timestampMs: 0, observedUs: 10 };
    const seen: ObservedRecord[] = [];
    for (const armedFromUs of [null, 11]) planter.next(record, armedFromUs, 0, (r) => seen.push(r));
    planter.end((r) => seen.push(r));
    assert.deepEqual(seen, [record, record]);
    assert.equal(planter.left, 3);
  });

  it("binary records are read and altered as JSON ones are", () => {
    const query = findQuery("q1");
    const columns = wireColumns(query);
    const values = [7, 1_500, 90.8, 9_000, "x\\y"];
    const text = JSON.stringify(Object.fromEntries(columns.map(({ name }, i) => [name, values[i]])));
    const altered = (["json", "binary"] as const).map((format) => {
      const rows = rowText(format, columns);
      const planter = new Planter(query, { ...NONE, alter: 2, forge: 2 }, 4, rows);
      const seen: unknown[] = [];
      for (let offset = 0; offset < 40; offset++) {
        const record = { value: rows.bytesOf(text), partition: 0, offset, timestampMs: 0, observedUs: 10 };
        planter.next(record, 0, 0, ({ value }) => seen.push(parseRow(columns, rows.textOf(value!, 0, value!.length))));
      }
      assert.equal(planter.left, 0);
      return { seen, planted: planter.planted };
    });
    assert.deepEqual(altered[1], altered[0]);
    const changed = altered[1]!.seen.filter((row) => JSON.stringify(row) !== JSON.stringify(values));
    assert.deepEqual([changed.length, changed.includes(null)], [4, false]);
  });

  it("where no order is promised, none can be broken", () => {
    assert.deepEqual(new Planter(findQuery("q5"), { ...NONE, reorder: 1 }, 1).impossible, ["reorder"]);
  });
});

describe("verify.plant as written", () => {
  it("kinds and numbers", () => {
    const parsed = parsePlant("drop:1, repeat:20");
    assert.ok(parsed.ok);
    assert.equal(plantText(parsed.plant), "1 drop, 20 repeat");
    const nothing = parsePlant("");
    assert.ok(nothing.ok);
    assert.equal(plantText(nothing.plant), "nothing");
  });

  for (const text of [
    "drop",
    "drop:0",
    "drop:-1",
    "drop:x",
    "steal:1",
    "drop:1,",
    "drop:1:2",
    "drop:999,forge:9",
    ",",
  ]) {
    it(`"${text}" is refused`, () => {
      assert.equal(parsePlant(text).ok, false);
    });
  }
});
