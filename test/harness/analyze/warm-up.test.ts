import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { Random } from "../../../base/random.ts";
import { analyzeRun } from "../../../harness/analyze/analyze-run.ts";
import { warmUpEnd } from "../../../harness/analyze/warm-up.ts";
import type { IntervalHistogram } from "../../../harness/measure/interval-histograms.ts";
import { temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

const EMPTY = { count: 100, negative: 0, overflow: 0, max: 0, p90: null, p99: null, p999: null, encoded: "" };

/** One interval a second with these medians; null: a second without (enough) outputs. */
function seconds(p50s: readonly (number | null)[]): IntervalHistogram[] {
  return p50s.map((p50, index) => ({ ...EMPTY, index, p50 }));
}

/** Log-normal around 1 with this spread. */
function noise(random: Random, spread: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
  return Math.exp(spread * normal);
}

describe("the end of the warm-up", () => {
  it("is the least one where latency is flat, whatever happened before it", () => {
    const flat = [90_000, 40_000, 20_000, ...Array.from({ length: 27 }, (_, i) => 2_000 + 10 * (i % 5))];
    assert.deepEqual(warmUpEnd(seconds(flat), 5_000, 30_000), { cutMs: 5_000, verdict: "stable" });
    assert.deepEqual(warmUpEnd(seconds(flat), 4_500, 30_000), { cutMs: 4_500, verdict: "stable" });
  });

  it("moves to where latency falls no more", () => {
    const late = Array.from({ length: 30 }, (_, i) => (i < 9 ? 12_000 - 1_000 * i : 2_000 + 10 * (i % 5)));
    const { cutMs, verdict } = warmUpEnd(seconds(late), 3_000, 30_000);
    assert.equal(verdict, "stable");
    assert.ok(cutMs >= 6_000 && cutMs <= 9_000, `cut at ${cutMs}`);
  });

  it("is not found while latency falls all the time", () => {
    const falling = Array.from({ length: 40 }, (_, i) => 100_000 * 0.93 ** i);
    assert.deepEqual(warmUpEnd(seconds(falling), 5_000, 40_000), { cutMs: 5_000, verdict: "unstable" });
  });

  it("is not a matter of a latency that rises: the backlog grows", () => {
    const rising = Array.from({ length: 30 }, (_, i) => 1_000 * 1.2 ** i);
    assert.deepEqual(warmUpEnd(seconds(rising), 5_000, 30_000), { cutMs: 5_000, verdict: "stable" });
  });

  it("is not found either where too little is left to judge by when it falls no more", () => {
    const short = Array.from({ length: 17 }, (_, i) => (i < 12 ? 40_000 * 0.7 ** i : 500));
    assert.deepEqual(warmUpEnd(seconds(short), 5_000, 17_000), { cutMs: 5_000, verdict: "unstable" });
  });

  it("is not judged from a few seconds, nor from seconds without outputs", () => {
    const few = Array.from({ length: 12 }, (_, i) => 10_000 / (i + 1));
    assert.deepEqual(warmUpEnd(seconds(few), 5_000, 12_000), { cutMs: 5_000, verdict: "notJudged" });
    const sparse = Array.from({ length: 30 }, (_, i) => (i % 4 === 0 ? 10_000 / (i + 1) : null));
    assert.deepEqual(warmUpEnd(seconds(sparse), 5_000, 30_000), { cutMs: 5_000, verdict: "notJudged" });
    assert.deepEqual(warmUpEnd([], 5_000, 5_000), { cutMs: 5_000, verdict: "notJudged" });
  });

  it("sees nothing behind the time that it may look at: a fault disturbs what comes after it", () => {
    const struck = Array.from({ length: 30 }, (_, i) => (i < 20 ? 2_000 + 10 * (i % 5) : 100));
    assert.deepEqual(warmUpEnd(seconds(struck), 5_000, 20_000), { cutMs: 5_000, verdict: "stable" });
  });

  it("is moved by noise alone in at most 5 % of runs, and declared unstable by it in at most 0.5 %", (t) => {
    const random = new Random(11);
    const runs = 2_000;
    const found = { moved: 0, unstable: 0 };
    for (let run = 0; run < runs; run++) {
      const spread = [0.05, 0.2, 0.5][run % 3]!;
      const flat = Array.from({ length: 15 + random.below(45) }, () => 2_000 * noise(random, spread));
      const { cutMs, verdict } = warmUpEnd(seconds(flat), 5_000, flat.length * 1000);
      if (verdict === "unstable") found.unstable++;
      else if (cutMs > 5_000) found.moved++;
    }
    t.diagnostic(`moved ${found.moved}, unstable ${found.unstable} of ${runs}`);
    assert.ok(found.moved <= 0.05 * runs && found.unstable <= 0.005 * runs);
  });
});

describe("a run whose latency falls after the warm-up that was asked for", () => {
  const settings = {
    data: { events: 6_000 },
    load: { rate: "200/s", duration: "30s" },
    warmup: "2s",
    limits: { minSamples: 1, generatorLagP99: "100ms" },
  };

  /** A run of 30 s; `latencyMs` of the time since the first due time, seconds. */
  async function analyzed(t: TestContext, latencyMs: (seconds: number) => number) {
    const folder = temporaryFolder(t);
    let outputs = 0;
    const id = writeSyntheticRun(folder, {
      query: "q0",
      settings,
      latencyUs: () => Math.round(1000 * latencyMs(outputs++ / 184)), // 46 of 50 events are bids
    });
    return analyzeRun(folder, id);
  }

  it("is measured from where it falls no more, and says so", async (t) => {
    const result = await analyzed(t, (seconds) => (seconds < 8 ? 20 - 2 * seconds : 4));
    assert.equal(result.state, "valid", JSON.stringify(result.reasons));
    assert.ok(result.warmupCutMs >= 5_000 && result.warmupCutMs <= 8_000, `cut at ${result.warmupCutMs}`);
    assert.equal(result.measuredMs, 30_000 - result.warmupCutMs);
    assert.equal(result.latencyUs.n, 0.184 * result.measuredMs!);
    assert.match(
      result.notes?.join() ?? "",
      /the warm-up was cut at \d s instead of 2 s: until then latency was falling/,
    );
  });

  it("is invalid when it never stops to fall", async (t) => {
    const result = await analyzed(t, (seconds) => 100 * 0.9 ** seconds);
    assert.deepEqual([result.state, result.reasons.map(({ code }) => code)], ["invalid", ["warm-up-unstable"]]);
    assert.equal(result.warmupCutMs, 2_000);
  });

  it("is measured as asked for where latency is flat", async (t) => {
    const result = await analyzed(t, () => 4);
    assert.deepEqual([result.state, result.warmupCutMs, result.notes], ["valid", 2_000, undefined]);
  });
});
