import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { intervalPoints } from "../../../harness/analyze/checkpoint-interval.ts";
import { medianOfCensored } from "../../../harness/analyze/faults/survival.ts";
import { medianInterval } from "../../../harness/analyze/median-interval.ts";
import { overheadPairs } from "../../../harness/analyze/overhead.ts";
import { checkpointIntervalFigure } from "../../../harness/report/figures/checkpoint-interval.ts";
import { overheadFigure } from "../../../harness/report/figures/overhead.ts";
import { renderSvg } from "../../../harness/report/figures/render.ts";
import { failedResult } from "../../../harness/sweep/failed-result.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";

const reached = (...all: number[]) => all.map((ms) => ({ ms, censored: false }));
const open = (...all: number[]) => all.map((ms) => ({ ms, censored: true }));

describe("the median of lengths that were not all over", () => {
  it("is the usual one where all were", () => {
    assert.equal(medianOfCensored([]), null);
    assert.deepEqual(medianOfCensored(reached(9)), { ms: 9, censored: false });
    assert.deepEqual(medianOfCensored(reached(4, 1, 9)), { ms: 4, censored: false });
    assert.deepEqual(medianOfCensored(reached(4, 1, 9, 6)), { ms: 5, censored: false });
  });

  it("does not get shorter because the longest were cut off", () => {
    assert.deepEqual(medianOfCensored([...reached(1, 2, 3), ...open(4)]), { ms: 2.5, censored: false });
    assert.deepEqual(medianOfCensored([...reached(1), ...open(5, 5)]), { ms: 5, censored: true });
    assert.deepEqual(medianOfCensored(open(5)), { ms: 5, censored: true });
    // One cut off early says nothing of what came later: of the three left at 2, all are over by 4.
    assert.deepEqual(medianOfCensored([...open(1), ...reached(2, 3, 4)]), { ms: 3, censored: false });
  });
});

it("an interval for a median needs 6 values, and then is the narrowest that holds with 95 %", () => {
  const first = (n: number) => Array.from({ length: n }, (_, i) => n - i);
  assert.equal(medianInterval(first(5)), null);
  assert.deepEqual(medianInterval(first(6)), { low: 1, high: 6 }, "97 %");
  assert.deepEqual(medianInterval(first(8)), { low: 1, high: 8 }, "of the 2nd and 7th: 93 %");
  assert.deepEqual(medianInterval(first(9)), { low: 2, high: 8 }, "96 %");
  assert.deepEqual(medianInterval(first(20)), { low: 6, high: 15 }, "96 %");
});

/** A run of a sweep over recovery and interval, with so much CPU and such a p99. */
function run(
  axes: Record<string, unknown>,
  block: number,
  cpuSeconds: number,
  p99: number,
  change: Partial<RunResult> = {},
) {
  const id = Object.values({ query: "q5", ...axes }).join("-");
  const planned = {
    id: `${id}-r${block + 1}`,
    cell: { id, axes: { query: "q5", ...axes } },
    repetition: block + 1,
    order: 0,
    block,
  };
  return {
    ...failedResult(planned, { query: "q5", system: "bundled", events: 1 }, []),
    state: "valid",
    ...{ offeredPerSecond: 1_000, achievedInputPerSecond: 1_000, measuredMs: 10_000, guarantee: "at-least-once" },
    latencyUs: { p50: 1_000, p90: 2_000, p99, p999: null, max: 9_000, n: 5_000 },
    resources: {
      worker: { cpuSeconds, cpuPercent: 1, rssPeakBytes: 1 },
      feeder: { cpuSeconds: 100, cpuPercent: 1, rssPeakBytes: 1 },
    },
    ...change,
  } satisfies RunResult as RunResult;
}

const none = (block: number, cpu: number, p99: number) =>
  run({ recovery: "none" }, block, cpu, p99, { recovery: "none" });
const passive = (block: number, cpu: number, p99: number, change: Partial<RunResult> = {}) =>
  run({ recovery: "passive" }, block, cpu, p99, {
    ...{ recovery: "passive", guarantee: "exactly-once", checkpointIntervalMs: 10_000 },
    ...change,
  });

describe("the overhead of fault tolerance", () => {
  it("is of runs of the same block, without the load generator's CPU", () => {
    const results = [none(0, 2, 4_000), passive(0, 2.1, 6_000), none(1, 4, 5_000), passive(1, 4.4, 5_500)];
    assert.deepEqual(
      overheadPairs(results).map(({ run: with_, base, cpu, p99 }) => [with_, base, cpu, p99]),
      [
        ["q5-passive-r1", "q5-none-r1", 1.05, 1.5],
        ["q5-passive-r2", "q5-none-r2", 1.1, 1.1],
      ].map(([a, b, cpu, p99]) => [a, b, cpu, p99]),
    );
  });

  it("is of valid runs in which nothing was broken", () => {
    assert.equal(overheadPairs([none(0, 2, 4_000), passive(1, 2, 4_000)]).length, 0, "another block");
    assert.equal(overheadPairs([none(0, 2, 4_000), passive(0, 2, 4_000, { state: "invalid" })]).length, 0);
    assert.equal(overheadPairs([none(0, 2, 4_000), passive(0, 2, 4_000, { faults: [] })]).length, 0);
    assert.equal(overheadPairs([none(0, 2, 4_000), passive(0, 2, 4_000, { offeredPerSecond: 9 })]).length, 0);
    assert.equal(overheadFigure([none(0, 2, 4_000)]), null);
  });

  it("has an interval only with enough pairs, and points always", async () => {
    const pairs = (n: number) =>
      Array.from({ length: n }, (_, i) => [none(i, 2, 4_000), passive(i, 2 + i / 10, 4_400)]).flat();
    const few = overheadFigure(pairs(3))!;
    assert.match(few.caption, /fewer than 6 pairs give no interval/);
    assert.equal(few.csv.trimEnd().split("\n").length, 1 + 3 * 2);
    const many = overheadFigure(pairs(6))!;
    assert.match(many.caption, /95 % interval from order statistics/);
    assert.match(await renderSvg(many), /CPU time per event, with \/ without/);
  });
});

describe("the checkpoint interval", () => {
  const at = (interval: string, ms: number, block: number, p99: number, change: Partial<RunResult> = {}) =>
    run({ "checkpoints.interval": interval }, block, 2, p99, {
      recovery: "passive",
      checkpointIntervalMs: ms,
      ...change,
    });

  it("is a figure of its own where there are two or more", async () => {
    assert.deepEqual(intervalPoints([at("1s", 1_000, 0, 5_000), at("1s", 1_000, 1, 6_000)]), []);
    const results = [
      at("1s", 1_000, 0, 5_000),
      at("1s", 1_000, 1, 7_000),
      at("10s", 10_000, 0, 4_000),
      at("60s", 60_000, 0, 3_000, { state: "invalid" }),
    ];
    const figure = checkpointIntervalFigure(results)!;
    const rows = figure.csv.split("\n").filter((line) => line.includes("steady_p99_ms"));
    assert.deepEqual(
      rows.map((line) => line.split(",").slice(3, 7).join(" ")),
      [
        "q5-1s-r1 1 steady_p99_ms 5",
        "q5-1s-r2 1 steady_p99_ms 7",
        "q5-10s-r1 10 steady_p99_ms 4",
        "median 1 steady_p99_ms 6",
        "median 10 steady_p99_ms 4",
      ],
    );
    assert.match(await renderSvg(figure), /CPU seconds per million events/);
    assert.equal(checkpointIntervalFigure([]), null);
  });
});
