import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { analyzeRunFully, type RunAnalysis } from "../../../harness/analyze/analyze-run.ts";
import { latencyAroundFaultFigure } from "../../../harness/report/figures/latency-around-fault.ts";
import { renderSvg } from "../../../harness/report/figures/render.ts";
import { throughputAroundFaultFigure } from "../../../harness/report/figures/throughput-around-fault.ts";
import { type Output, START_US, temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

const FAULT_US = START_US + 2_000_000;
const FAULTS = [{ kind: "kill", target: "worker/1", at: "2s" }];

/** Runs of one cell whose outputs stall at 2 s for so many ms each; then everything comes at once. */
async function cell(t: TestContext, stallsMs: readonly number[], problem: string | null = null, more: object = {}) {
  const folder = temporaryFolder(t);
  const analyses: RunAnalysis[] = [];
  for (const [nth, stallMs] of stallsMs.entries()) {
    const backUs = FAULT_US + stallMs * 1000;
    const tamper = (outputs: Output[]) => {
      for (const output of outputs) {
        if (output.observedUs > FAULT_US && output.observedUs < backUs) output.observedUs = backUs;
      }
      return outputs.sort((a, b) => a.observedUs - b.observedUs);
    };
    const settings = { recovery: "scratch", faults: FAULTS, ...more };
    const id = writeSyntheticRun(folder, {
      query: "q0",
      settings,
      tamper,
      latencyUs: () => 4_000,
      repetition: nth + 1,
    });
    const times = { requestedUs: FAULT_US, injectedUs: FAULT_US, observedUs: FAULT_US, observedResolutionUs: 100 };
    const noticed = { detectedUs: FAULT_US + 9_000, recoveredUs: FAULT_US + 50_000, victim: null, evidence: [] };
    const who = { version: 1, index: 0, kind: "kill", target: "worker/1", role: "worker-1", pid: 7 };
    const record = { ...who, ...times, ...noticed, problem };
    writeFileSync(join(folder, "raw", id, "faults.jsonl"), `${JSON.stringify(record)}\n`);
    analyses.push(await analyzeRunFully(folder, id));
  }
  return analyses;
}

/** Lines of a figure's data as records. */
function data(csv: string): Record<string, string>[] {
  const [head, ...lines] = csv
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
  return lines.map((cells) => Object.fromEntries(cells.map((value, i) => [head![i]!, value])));
}

describe("the figure of throughput and backlog around a fault", () => {
  it("shows the silence, the peak of the catch-up in its own 100 ms, and a backlog that grows and goes", async (t) => {
    const figure = throughputAroundFaultFigure(await cell(t, [450]), 0)!;
    const rows = data(figure.csv);
    const at = (second: number) => rows.find((row) => Number(row.relative_to_fault_s) === second)!;
    const value = (second: number, column: string) => Number(at(second)[column]);
    assert.equal(rows.length, 40, "100 ms each, 2 s before, 2 s to the end of the load");
    const usual = value(-0.5, "outputs_new_per_second");
    assert.ok(usual > 1_600 && usual <= 2_000, `${usual}`);
    assert.deepEqual(
      [0.1, 0.2, 0.3].map((second) => value(second, "outputs_new_per_second")),
      [0, 0, 0],
    );
    // All of 450 ms at once, and what was due in the rest of that interval.
    assert.ok(value(0.4, "outputs_new_per_second") > 4 * usual, "the peak is not clipped");
    assert.ok(value(0.3, "outputs_overdue_max") > value(0.1, "outputs_overdue_max"));
    assert.ok(value(0.4, "outputs_overdue_max") > 0.4 * usual && value(0.6, "outputs_overdue_max") < 30);
    assert.ok(
      rows.every((row) => Number(row.input_sent_per_second) > 1_900),
      "the input goes on",
    );
    assert.match(figure.id, /^throughput-around-fault-q0-cell-r1-1$/);
    assert.match(await renderSvg(figure), /overdue outputs \(backlog\)/);
  });

  it("has the median of the repetitions besides each of them", async (t) => {
    const figure = throughputAroundFaultFigure(await cell(t, [150, 300, 900]), 0)!;
    assert.equal(figure.id, "throughput-around-fault-q0-cell-1");
    const rows = data(figure.csv);
    assert.deepEqual([...new Set(rows.map(({ run }) => run))], ["q0-cell-r1", "q0-cell-r2", "q0-cell-r3", "median"]);
    const came = (second: number) =>
      rows.filter((row) => Number(row.relative_to_fault_s) === second).map((row) => Number(row.outputs_new_per_second));
    assert.equal(came(0.2)[3], 0, "two of three are silent");
    const [, , slow, median] = came(0.5);
    assert.ok(slow === 0 && median! > 1_600, "two of three are back");
    assert.match(figure.caption, /Thin lines: 3 repetitions; bold: their median/);
  });
});

describe("the figure of latency around a fault", () => {
  it("draws every output of one run, and medians of several", async (t) => {
    const few = { load: { rate: "500/s", duration: "4s" }, data: { events: 2_000 } };
    const single = latencyAroundFaultFigure(await cell(t, [300], null, few), 0)!;
    assert.equal(single.id, "latency-around-fault-q0-cell-r1-1");
    assert.match(single.caption, /dots: every single output/);
    assert.match(single.csv, /,output,/);
    const several = latencyAroundFaultFigure(await cell(t, [150, 300, 900]), 0)!;
    assert.doesNotMatch(several.csv, /,output,/);
    assert.equal(several.id, "latency-around-fault-q0-cell-1");
    const rows = data(several.csv).filter((row) => row.view === "by_output_time" && row.measure === "max");
    const of = (run: string, second: number) =>
      rows.find((row) => row.run === run && Number(row.relative_to_fault_s) === second)?.latency_ms;
    // Output time 0.25 to 0.5 s: the first run is back, the second comes back in it, the third is silent.
    assert.deepEqual([of("q0-cell-r1", 0.375), of("q0-cell-r3", 0.375)], ["4", undefined]);
    const [second, median] = [Number(of("q0-cell-r2", 0.375)), Number(of("median", 0.375))];
    assert.ok(second > 250 && Math.abs(median - (4 + second) / 2) < 0.01, "silence has no latency to be averaged");
  });

  it("draws steps that end at the fault, and names only what is drawn", async (t) => {
    const few = { load: { rate: "500/s", duration: "4s" }, data: { events: 2_000 } };
    const figure = latencyAroundFaultFigure(await cell(t, [300], null, few), 0)!;
    type Corner = { second: number; part?: string; measure: string };
    const { hconcat } = figure.spec as unknown as { hconcat: { layer: { data: { values: Corner[] } }[] }[] };
    for (const { layer } of hconcat) {
      const corners = layer.flatMap(({ data: { values } }) => values).filter(({ part }) => part !== undefined);
      const parts = [...Map.groupBy(corners, ({ part }) => part).values()];
      assert.ok(parts.length >= 4, "p50 and max, before and after");
      for (const part of parts) {
        const times = part.map(({ second }) => second);
        assert.ok(Math.max(...times) <= 0 || Math.min(...times) >= 0, `drawn across the fault: ${times}`);
      }
      assert.deepEqual([...new Set(corners.map(({ measure }) => measure))], ["p50", "max"]);
    }
    assert.match(figure.caption, /No interval has enough outputs for p99\./);
    assert.doesNotMatch(await renderSvg(figure), />p99</);
  });

  it("leaves out runs that are not valid while one is, and nothing is drawn where nothing was observed", async (t) => {
    const [good] = await cell(t, [300]);
    const [bad] = await cell(t, [600], "ineffective: no state");
    assert.equal(latencyAroundFaultFigure([good!, bad!], 0)!.id, "latency-around-fault-q0-cell-r1-1");
    assert.match(latencyAroundFaultFigure([bad!], 0)!.caption, /One run \(invalid: in no table of results\)/);
    assert.equal(latencyAroundFaultFigure([good!], 1), null);
    assert.equal(throughputAroundFaultFigure([], 0), null);
  });
});
