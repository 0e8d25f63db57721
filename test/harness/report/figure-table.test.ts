import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type StoredCampaign, storedCampaign } from "../../../harness/analyze/stored-campaign.ts";
import { chosenFigures } from "../../../harness/report/figures/choose.ts";
import { costFigure } from "../../../harness/report/figures/cost.ts";
import type { Campaign, Figure } from "../../../harness/report/figures/figure.ts";
import { rateGridFigures } from "../../../harness/report/figures/rate-grid.ts";
import { renderSvg } from "../../../harness/report/figures/render.ts";
import { scalabilityFigure } from "../../../harness/report/figures/scalability.ts";
import { FIGURES, figuresOf } from "../../../harness/report/figures/table.ts";
import { golden, resultsOnly, type Told, writeStoredCampaign } from "./figure-campaign.ts";

/** Rows of a figure's data by the names of their columns. */
function rowsOf({ csv }: Figure): Record<string, string>[] {
  const [head, ...lines] = csv.trimEnd().split("\n");
  const names = head!.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((value, i) => [names[i]!, value])));
}

describe("figures of a stored campaign", () => {
  let folder = "";
  let campaign: StoredCampaign;
  const one = (name: string): Figure => {
    const found = figuresOf(campaign).find(({ figure }) => figure.id === name);
    assert.ok(found !== undefined, name);
    return found.figure;
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "faultline-figures-"));
    writeStoredCampaign(folder);
    campaign = await storedCampaign(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const id of [
    "latency-percentiles",
    "latency-distribution",
    "throughput-latency",
    "latency-over-time-q0-rate-1000-r1",
    "latency-heat-map-q0-rate-1000-r1",
    "run-order",
  ]) {
    it(`${id} has the data of its golden file, and says what was offered, n, and which interval`, () => {
      const figure = one(id);
      assert.equal(figure.csv, golden(figure));
      assert.match(figure.caption, /n = \d/);
      if (id !== "run-order") assert.match(figure.caption, /offered/);
      if (!id.startsWith("latency-over-time"))
        assert.match(figure.caption, /interval drawn|from the least to the greatest/);
    });
  }

  it("the heat map counts every output of the run once, the warm-up's too", () => {
    const run = campaign.analyses.find(({ record }) => record.run.id === "q0-rate-1000-r1")!;
    const all = run.intervals["e2e-intended"].reduce((sum, { count }) => sum + count, 0);
    const drawn = rowsOf(one("latency-heat-map-q0-rate-1000-r1"));
    assert.equal(
      drawn.reduce((sum, { outputs }) => sum + Number(outputs), 0),
      all,
    );
    // Latencies are 1 to 2 ms, and what waits in line for others a little more: no band may lie below.
    for (const { latency_from_ms, latency_to_ms } of drawn) {
      assert.ok(Number(latency_to_ms) > 1 && Number(latency_from_ms) < Number(latency_to_ms));
    }
  });

  it("the distribution ends where 10 outputs are left beyond, on both sides, and never falls", () => {
    const rows = rowsOf(one("latency-distribution")).filter(({ cell }) => cell === "q0-rate-1000");
    const n = Number(rows[0]!.n);
    assert.ok(Math.min(...rows.map(({ share_above }) => Number(share_above))) * n >= 10 - 1e-3);
    assert.ok(Math.min(...rows.map(({ share_not_above }) => Number(share_not_above))) * n >= 10 - 1e-3);
    const latencies = rows.map(({ latency_ms }) => Number(latency_ms));
    assert.deepEqual(
      latencies,
      [...latencies].sort((a, b) => a - b),
    );
  });

  it("the order of the runs shows the drift: later runs lie above the median of their variant", () => {
    const rows = rowsOf(one("run-order"));
    assert.deepEqual(
      rows.map(({ run, started_minutes }) => [run, started_minutes]),
      ["q0-rate-2000-r1", "q0-rate-1000-r1", "q0-rate-2000-r2", "q0-rate-1000-r2"].map((run, i) => [run, String(i)]),
    );
    assert.ok(rows.every(({ run, ratio_to_variant_median: ratio }) => Number(ratio) > 1 === run!.endsWith("r2")));
  });

  it("each is the same file every time it is drawn, with ids of its own", async () => {
    let ids = 0;
    for (const { figure } of figuresOf(campaign)) {
      const svg = await renderSvg(figure);
      assert.equal(svg, await renderSvg(figure));
      for (const [, id] of svg.matchAll(/(?:\bid="|url\(#)([^")]+)/g)) {
        assert.ok(id!.startsWith(`${figure.id}-`), id);
        ids++;
      }
    }
    assert.ok(ids > 0, "the colour scales of heat maps have ids");
  });

  it("every figure's id begins with the name of its kind, and has a place of its own", () => {
    for (const { name, draw } of FIGURES) {
      for (const { figure } of draw(campaign)) assert.ok(figure.id.startsWith(name), `${figure.id} of ${name}`);
    }
    const ids = figuresOf(campaign).map(({ figure }) => figure.id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("what there are no data for is missing, with the reason; nothing is drawn of nothing", () => {
    const none = { manifest: {}, results: [], analyses: [], cells: [], capacity: null };
    assert.deepEqual(figuresOf(none), []);
    const { figures, missing } = chosenFigures(none, []);
    assert.deepEqual([figures.length, missing.length], [0, FIGURES.length]);
    assert.ok(missing.every(({ why }) => why.length > 10));
    assert.match(missing.find(({ name }) => name === "run-order")!.why, /raw/);
  });
});

describe("scalability", () => {
  const at = (parallelism: number, block: number, ...p99s: [rate: number, ms: number][]): Told[] =>
    p99s.map(([rate, ms]) => {
      const latencyUs = { p50: 1, p90: 1, p99: ms * 1000, p999: null, max: 1, n: 5_000 };
      return { rate, parallelism, block, change: { latencyUs } };
    });

  it("is the greatest rate below the first that is too much, of each block, with ideal and efficiency", () => {
    const figure = scalabilityFigure([
      resultsOnly([
        // A rate above one that was too much does not count, however well it went.
        ...at(1, 0, [1_000, 5], [2_000, 500], [3_000, 5]),
        ...at(1, 1, [1_000, 5], [2_000, 5], [3_000, 500]),
        ...at(2, 0, [1_000, 5], [2_000, 5], [3_000, 5]),
      ]),
    ])!;
    assert.equal(figure.csv, golden(figure));
    assert.match(figure.caption, /n = 3; .*least to the greatest repetition.*Triangles: at least so much.*1 of them/);
    assert.match(figure.caption, /Worker processes: 1 at 1, 2 at 2, on 2 cores/);
  });

  it("has no ideal line from a capacity that is only known to be at least so much, and needs two parallelisms", async () => {
    const open = resultsOnly([...at(1, 0, [1_000, 5], [2_000, 5]), ...at(2, 0, [1_000, 5], [2_000, 5])]);
    const figure = scalabilityFigure([open])!;
    assert.match(figure.caption, /No line of ideal scaling/);
    assert.doesNotMatch(await renderSvg(figure), /efficiency/);
    assert.equal(scalabilityFigure([resultsOnly(at(1, 0, [1_000, 5], [2_000, 500]))]), null);
  });

  it("keeps numbers of workers apart that have the same parallelism", () => {
    const of = (workers: number, ...runs: Told[]) => runs.map((run) => ({ ...run, workers }));
    const figure = scalabilityFigure([
      resultsOnly([
        ...of(1, ...at(1, 0, [1_000, 5], [2_000, 500]), ...at(2, 0, [1_000, 5], [2_000, 500])),
        ...of(2, ...at(1, 0, [1_000, 5], [2_000, 500]), ...at(2, 0, [2_000, 5], [3_000, 500])),
      ]),
    ])!;
    assert.deepEqual(
      rowsOf(figure).map((row) => [row.series, row.parallelism, row.workers, row.capacity_events_per_second]),
      [
        ["q0 · 1 worker", "1", "1", "1000"],
        ["q0 · 1 worker", "2", "1", "1000"],
        ["q0 · 2 workers", "1", "2", "1000"],
        ["q0 · 2 workers", "2", "2", "2000"],
      ],
    );
    assert.match(figure.caption, /Worker processes: 1 or 2 at 1, 1 or 2 at 2,/);
  });

  it("of folders of a search says the service level, and in what else they differ", () => {
    const folder = (parallelism: number, capacityPerSecond: number, p99?: number, commit?: string): Campaign => {
      const outcomes = [{ search: 0, sustainedPerSecond: capacityPerSecond, limitedBy: "system" }];
      const capacity = { slo: ["p99 <= 100ms"], settings: { precision: 0.1 }, outcomes };
      const config = { parallelism, engine: { workers: 2 }, load: { rate: capacityPerSecond }, capacity: { p99 } };
      const provenance = { commit };
      const probe = resultsOnly([{ rate: 1_000, parallelism }]);
      const results = probe.results.map((one) => ({ ...one, run: { ...one.run, cell: { id: "x", axes: {} } } }));
      return {
        ...probe,
        results,
        manifest: { ...probe.manifest, config, provenance },
        capacity,
      } as unknown as Campaign;
    };
    const figure = scalabilityFigure([folder(1, 1_000, 100), folder(2, 1_500, 100)])!;
    assert.match(
      figure.caption,
      /^Greatest offered rate of q0 sustained with p99 <= 100ms, by instances .* 10 % apart\./,
    );
    assert.doesNotMatch(figure.caption, /NOT ALIKE/);
    assert.deepEqual(
      rowsOf(figure).map((row) => row.capacity_events_per_second),
      ["1000", "1500"],
    );
    const unlike = scalabilityFigure([folder(1, 1_000, 100), folder(2, 1_500, 250)])!;
    assert.match(unlike.caption, / NOT ALIKE: the folders also differ in capacity\.p99\.$/);
    const lacking = (commit?: string) => scalabilityFigure([folder(1, 1_000), folder(2, 1_500, 100, commit)])!;
    assert.match(lacking().caption, /NOT ALIKE/, "one version wrote both");
    assert.doesNotMatch(lacking("later").caption, /NOT ALIKE/, "a later version added the setting");
  });

  it("a run in which the feeder gave in says nothing against the system", () => {
    const saturated: Partial<Told> = {
      change: { state: "invalid", reasons: [{ code: "generator-saturated", message: "late" }] },
    };
    const figure = scalabilityFigure([
      resultsOnly([
        ...at(1, 0, [1_000, 5], [2_000, 500]),
        ...at(2, 0, [1_000, 5]),
        { rate: 2_000, parallelism: 2, ...saturated },
      ]),
    ])!;
    assert.deepEqual(
      rowsOf(figure).map((row) => [row.parallelism, row.capacity_events_per_second, row.at_least]),
      [
        ["1", "1000", "0"],
        ["2", "1000", "1"],
      ],
    );
  });
});

describe("grid over rate", () => {
  it("has a cell for each that was swept, hatches what has no valid run, and leaves out what was not swept", async () => {
    const invalid: Partial<Told> = { change: { state: "invalid", reasons: [{ code: "clock-offset", message: "" }] } };
    const campaign = resultsOnly([
      { rate: 1_000, parallelism: 1 },
      { rate: 2_000, parallelism: 1 },
      { rate: 1_000, parallelism: 2, ...invalid },
    ]);
    const [figure, ...more] = rateGridFigures(campaign);
    assert.deepEqual(more, []);
    assert.equal(figure!.csv, golden(figure!));
    assert.match(figure!.caption, /Hatched: no valid run, 1 of 3 cells.*Nothing is interpolated/);
    const svg = await renderSvg(figure!);
    assert.match(svg, />clock-offset</);
    assert.equal(svg.match(/>n = 1</g)?.length, 2);
    assert.deepEqual(rateGridFigures(resultsOnly([{ rate: 1_000 }, { rate: 2_000 }])), []);
  });
});

describe("cost", () => {
  it("counts the system's own processes only, never feeder, link proxy or broker", () => {
    const figure = costFigure(resultsOnly([{ rate: 1_000 }, { rate: 1_000, factor: 2 }]).results)!;
    assert.equal(figure.csv, golden(figure));
    const value = (replicas: string, measure: string) =>
      rowsOf(figure).find((row) => row.replicas === replicas && row.measure === measure)!.value;
    assert.equal(value("1", "events_per_core_second"), "5000", "10,000 events in 2 s of CPU");
    assert.equal(value("2", "events_per_core_second"), "2500");
    assert.equal(value("2", "bytes_written_per_event"), "200");
  });

  it("is not drawn where there is nothing to compare, and never of runs in which something was broken", () => {
    assert.equal(costFigure(resultsOnly([{ rate: 1_000 }, { rate: 2_000 }]).results), null);
    const broken: Partial<Told> = { change: { faults: [] } };
    assert.equal(costFigure(resultsOnly([{ rate: 1_000 }, { rate: 1_000, factor: 2, ...broken }]).results), null);
  });
});
