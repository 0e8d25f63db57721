import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CompareOptions, compareSides, type Row } from "../../../../harness/analyze/compare/comparison.ts";
import { differencesBetween } from "../../../../harness/analyze/compare/differences.ts";
import { outcomeOf } from "../../../../harness/analyze/compare/outcome.ts";
import { parseOperand, sideOf } from "../../../../harness/analyze/compare/side.ts";
import type { RunResult } from "../../../../harness/sweep/model.ts";
import { campaignWith, resultOf, sideWith } from "./recorded.ts";

const OPTIONS: CompareOptions = { gates: ["p50"], paired: false, seed: 1, resamples: 500, level: 0.05 };
const BASE = {
  campaign: 1,
  block: 0,
  p50: 2_000,
  p90: 3_000,
  p99: 9_000,
  cpu: 80,
  feederCpu: 30,
  lagP50: 300,
  lagP99: 900,
};

/** Runs whose p50 is so many µs, one a block; the instruments are steady. */
function runsOf(p50: readonly number[], change: Partial<typeof BASE> = {}): RunResult[] {
  return p50.map((value, block) => resultOf({ ...BASE, ...change, p50: value, lagP50: 300 + (block % 3) }, block));
}

function verdictOf(a: readonly RunResult[], b: readonly RunResult[], options: Partial<CompareOptions> = {}): Row {
  const { rows } = compareSides(sideWith(a), sideWith(b), { ...OPTIONS, ...options });
  return rows.find(({ metric }) => metric.name === "p50")!;
}

const CALM = [2_000, 2_010, 1_990, 2_020, 2_005, 1_995];
const scaled = (by: number) => CALM.map((value) => value * by);

describe("the verdict", () => {
  it("is worse, better or same where the runs can tell", () => {
    const worse = verdictOf(runsOf(CALM), runsOf(scaled(1.15)));
    assert.equal(worse.verdict, "worse");
    assert.ok(Math.abs(worse.finding.change! - 0.15) < 0.01);
    assert.ok(worse.finding.low! > 0.12 && worse.finding.high! < 0.18);
    assert.equal(worse.finding.aMedian, 2_002.5);
    assert.equal(verdictOf(runsOf(CALM), runsOf(scaled(0.85))).verdict, "better");
    assert.equal(verdictOf(runsOf(CALM), runsOf(scaled(1.01))).verdict, "same");
  });

  it("of a change below d is none, however sure", () => {
    const row = verdictOf(runsOf(CALM), runsOf(scaled(1.045)));
    assert.ok(row.adjustedP < 0.05 && row.finding.low! > 0);
    assert.notEqual(row.verdict, "worse");
  });

  it("is not given by 3 runs a side, also where they agree", () => {
    const few = verdictOf(runsOf(CALM.slice(0, 3)), runsOf(scaled(2).slice(0, 3)));
    assert.deepEqual([few.verdict, few.minimumDetectable], ["cannot tell", null]);
    assert.equal(
      verdictOf(runsOf(CALM.slice(0, 3)), runsOf(CALM.slice(0, 3))).verdict,
      "cannot tell",
      "no evidence is no equality",
    );
    assert.equal(verdictOf(runsOf([]), runsOf(CALM)).verdict, "cannot tell");
  });

  it("of noisy runs tells what would have been found", () => {
    const noisy = [1_000, 4_000, 2_000, 1_500, 3_000, 2_500];
    const row = verdictOf(runsOf(noisy), runsOf(noisy.map((value) => value * 1.1)));
    assert.equal(row.verdict, "cannot tell");
    assert.ok(row.minimumDetectable! > 0.5);
  });

  it("turns round with the sides, and with a metric of which more is better", () => {
    assert.equal(verdictOf(runsOf(scaled(1.15)), runsOf(CALM)).verdict, "better");
    const slower = runsOf(CALM).map((run) => ({ ...run, achievedInputPerSecond: 900 }));
    const { rows } = compareSides(sideWith(runsOf(CALM)), sideWith(slower), OPTIONS);
    assert.equal(rows.find(({ metric }) => metric.name === "achieved")!.verdict, "worse");
  });

  it("pairs by block where the sides took turns: what blocks have in common goes out", () => {
    const weather = [1, 3, 1.5, 6, 2, 4, 2.5, 5];
    const a = runsOf(weather.map((by, i) => 1_000 * by * (1 + (i % 2) / 100)));
    const b = runsOf(weather.map((by, i) => 1_100 * by * (1 + (i % 3) / 100)));
    assert.equal(verdictOf(a, b, { paired: true }).verdict, "worse");
    assert.equal(verdictOf(a, b).verdict, "cannot tell");
    assert.equal(verdictOf(a.slice(1), b, { paired: true }).finding.aCount, 7, "only blocks that both have");
  });

  it("does not charge the system with what the machine did between the sides", () => {
    const busy = runsOf(scaled(1.2)).map((run) => ({ ...run, generatorLagUs: { ...run.generatorLagUs, p50: 360 } }));
    const row = verdictOf(runsOf(CALM), busy);
    assert.equal(row.verdict, "cannot tell");
    assert.ok(Math.abs(row.machine!.change - 0.2) < 0.02);
    assert.equal(verdictOf(runsOf(CALM), busy, { paired: true }).verdict, "worse", "side by side there is one machine");
  });

  it("adjusts p for the number of gates", () => {
    const [a, b] = [runsOf(CALM), runsOf(scaled(1.15))];
    const one = verdictOf(a, b);
    const three = verdictOf(a, b, { gates: ["p50", "p99", "cpu"] });
    assert.ok(Math.abs(three.adjustedP - 3 * one.adjustedP) < 1e-12);
  });
});

describe("what is compared", () => {
  it("is valid runs only", () => {
    const broken = runsOf([9, 9, 9]).map((run, i) => ({
      ...run,
      run: { ...run.run, id: `bad-${i}`, block: 10 + i },
      state: i === 0 ? ("failed" as const) : i === 1 ? ("invalid" as const) : run.state,
      ...(i === 2 ? { planted: "drop:1" } : {}),
    }));
    const { rows, counts } = compareSides(sideWith(runsOf(CALM)), sideWith([...runsOf(CALM), ...broken]), OPTIONS);
    assert.equal(rows[0]!.finding.bCount, 6);
    assert.deepEqual(counts.b, { runs: 9, valid: 7, invalid: 1, failed: 1 });
  });

  it("are cells by what they have in common, and all of them together, block by block", () => {
    const inCell = (id: string, system: string, by: number) =>
      runsOf(scaled(by)).map((run) => {
        const cell = { id: `${id}-${system}`, axes: { query: id, system } };
        return { ...run, run: { ...run.run, id: `${cell.id}-r${run.run.repetition}`, cell } };
      });
    const results = [
      ...inCell("q0", "x", 1),
      ...inCell("q5", "x", 2),
      ...inCell("q0", "y", 1.2),
      ...inCell("q5", "y", 2.4),
    ];
    const campaign = campaignWith(results, { axes: [{ name: "system", values: ["x", "y"] }] });
    const side = (system: string) => sideOf(campaign, parseOperand(`x@system=${system}`));
    const { rows } = compareSides(side("x"), side("y"), { ...OPTIONS, paired: true });
    const p50 = rows.filter(({ metric }) => metric.name === "p50");
    assert.deepEqual(
      p50.map(({ cell }) => cell),
      ["all cells", "q0", "q5"],
    );
    assert.ok(Math.abs(p50[0]!.finding.change! - 0.2) < 1e-9);
    assert.ok(Math.abs(p50[0]!.finding.aMedian! - 2_002.5 * Math.SQRT2) < 1, "the geometric mean");
    assert.throws(() => side("z"), /no cell with system=z/);
    assert.equal(differencesBetween(side("x"), side("y")).length, 0);
  });

  it("takes no offence at what a chosen variant sets, but at everything else", () => {
    const results = ["x", "y"].flatMap((variant) =>
      runsOf(CALM).map((run) => {
        const cell = { id: variant, axes: { variant } };
        return { ...run, run: { ...run.run, id: `${variant}-r${run.run.repetition}`, cell } };
      }),
    );
    const values = ["x", "y"].map((name, i) => ({ name, "engine.workers": i, recovery: `${i}` }));
    const settings = (i: number, zones: number) => ({ recovery: `${i}`, engine: { workers: i, zones } });
    const found = (zones: number) => {
      const cells = { x: settings(0, 1), y: settings(1, zones) };
      const campaign = campaignWith(results, { axes: [{ name: "variant", values }], cells });
      const side = (variant: string) => sideOf(campaign, parseOperand(`x@variant=${variant}`));
      return differencesBetween(side("x"), side("y")).map(({ what }) => what);
    };
    assert.deepEqual(found(1), []);
    assert.deepEqual(found(2), ["engine.zones"]);
  });

  it("is refused, with a list, where the campaigns are not alike", () => {
    const a = sideWith(runsOf(CALM));
    const provenance = { ...a.campaign.manifest.provenance, commit: "another", node: "25", cores: 8 };
    const cells = { q0: { query: "q0", load: { rate: 2_000 }, engine: { workers: 3 }, name: "other", seed: 9 } };
    const b = sideWith(runsOf(CALM), { provenance, cells }, "y");
    const found = differencesBetween(a, b).map(({ kind, what }) => `${kind} ${what}`);
    assert.deepEqual(found.sort(), ["config engine", "machine cores", "rate load.rate", "version node"]);
    assert.deepEqual(differencesBetween(a, a), []);
    // Both wrote the same config; the later version has a setting more.
    const later = { cells: { q0: { query: "q0", load: { rate: 1_000 }, engine: { workers: 2 } } } };
    const written = (hash: string) => sideWith(runsOf(CALM), { ...later, configHash: hash }, "y");
    const before = sideWith(runsOf(CALM), { configHash: "one" });
    assert.deepEqual(differencesBetween(before, written("one")), []);
    assert.deepEqual(
      differencesBetween(before, written("two")).map(({ what }) => what),
      ["engine"],
    );
    const offered = sideWith(runsOf(CALM).map((run) => ({ ...run, offeredPerSecond: 1_100 })));
    assert.deepEqual(
      differencesBetween(a, offered).map(({ kind }) => kind),
      ["rate"],
    );
  });
});

describe("what a comparison comes to", () => {
  const outcome = (a: readonly RunResult[], b: readonly RunResult[], gates: CompareOptions["gates"] = ["p50"]) =>
    outcomeOf(compareSides(sideWith(a), sideWith(b), { ...OPTIONS, gates }));

  it("is 6 where a gate is worse, 0 where all are known to be the same or better", () => {
    assert.deepEqual(outcome(runsOf(CALM), runsOf(scaled(1.15))), {
      verdict: "regression",
      exitCode: 6,
      reasons: ["p50 of q0"],
    });
    assert.equal(outcome(runsOf(CALM), runsOf(scaled(0.8))).exitCode, 0);
    assert.equal(outcome(runsOf(CALM), runsOf(scaled(1.15)), ["p90"]).exitCode, 0, "p50 is no gate here");
  });

  it("is 5 where nothing is known: no data never passes", () => {
    assert.equal(outcome(runsOf(CALM), runsOf([])).exitCode, 5);
    assert.equal(outcome([], []).exitCode, 5);
    assert.deepEqual(outcome([], []).reasons, ["p50 of q0, not measured", "q0: no valid run with numbers"]);
    const unmeasured = outcome(runsOf(CALM), runsOf(CALM), ["p50", "p999"]);
    assert.deepEqual([unmeasured.exitCode, unmeasured.reasons], [5, ["p999 of q0, not measured"]]);
  });

  it("is 6 where B alone broke its guarantee", () => {
    const [first, ...others] = runsOf(CALM);
    const reasons = [{ code: "guarantee-violated" as const, message: "2 lost" }];
    const broken = [{ ...first!, state: "failed" as const, reasons }, ...others];
    assert.deepEqual(outcome(runsOf(CALM), broken).reasons, ["q0: B broke its guarantee, A did not"]);
    assert.notEqual(outcome(broken, broken).exitCode, 6);
  });

  it("of recoveries that were not over counts them as at least so long, and never as equal", () => {
    const faulty = (censored: boolean) =>
      runsOf(CALM).map((run, i) => {
        const effect = { gap: { ms: 1_000 + i, censored, fromMs: 0 }, firstOutput: null, catchUp: null };
        return { ...run, faults: [{ effect }] } as unknown as RunResult;
      });
    const row = (b: readonly RunResult[]) =>
      compareSides(sideWith(faulty(false)), sideWith(b), OPTIONS).rows.find(({ metric }) => metric.name === "gap")!;
    assert.equal(row(faulty(false)).verdict, "same");
    assert.deepEqual([row(faulty(true)).verdict, row(faulty(true)).censored], ["cannot tell", 6]);
  });
});
