import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfigDocument } from "../../../harness/config/document.ts";
import { onlyCell } from "../../../harness/config/only-cell.ts";
import { parseOverrides } from "../../../harness/config/overrides.ts";
import { resolveSweep } from "../../../harness/config/resolve.ts";
import { planSweep } from "../../../harness/sweep/plan.ts";
import { problemsOf } from "./problems.ts";

const CATALOG = { ids: ["q0", "q5"], undefinedOn: () => null };
const CAMPAIGN = `query: q5
parallelism: 4
recovery: passive
load: {rate: 5k/s, duration: 40s}
faults: [{kind: kill, target: worker/1, at: 9s}]
limits: {minSamples: 7}
seed: 3
repetitions: 3
sweep: {load.rate: [1k/s, 2k/s]}
`;

function resolve(text: string, ...sets: string[]) {
  return resolveSweep(parseConfigDocument(text, "c.yaml"), parseOverrides(sets), CATALOG);
}

test("a canary is one more cell: an echo that shares with the sweep only what belongs to all of it", () => {
  const sweep = resolve(`${CAMPAIGN}canary: echo\n`);
  assert.deepEqual(
    sweep.cells.map(({ cell }) => [cell.id, cell.canary ?? false]),
    [
      ["q5-rate-1000", false],
      ["q5-rate-2000", false],
      ["canary", true],
    ],
  );
  const { query, system, recovery, faults, parallelism, load, warmup, limits, seed } = sweep.cells[2]!.config;
  assert.deepEqual([query, system, recovery, faults, parallelism], ["q0", "echo", "none", [], 2]);
  assert.ok(load.shape === "constant");
  assert.deepEqual([load.rate, load.duration, warmup, limits.minSamples, seed], [1_000, 10_000, 3_000, 7, 3]);
});

test("it runs once in every block, like any cell", () => {
  const { runs, estimatedMs } = planSweep(resolve(`${CAMPAIGN}canary: echo\n`));
  const own = runs.filter(({ cell }) => cell.canary);
  assert.deepEqual([runs.length, own.map(({ block }) => block)], [9, [0, 1, 2]]);
  assert.equal(estimatedMs - planSweep(resolve(CAMPAIGN)).estimatedMs, 3 * (10_000 + 4_500));
});

test("without one nothing changes, and with one the campaign is another", () => {
  assert.equal(resolve(CAMPAIGN).cells.length, 2);
  assert.notEqual(resolve(`${CAMPAIGN}canary: echo\n`).hash, resolve(CAMPAIGN).hash);
});

test("run can take the canary alone", () => {
  assert.equal(onlyCell(resolve(`${CAMPAIGN}canary: echo\n`), "canary").config.system, "echo");
});

test("what is wrong with it is told at its place", () => {
  const problems = (text: string) => problemsOf(() => resolve(text));
  assert.match(problems("query: q0\ncanary: ecco\n").join(), /c\.yaml:2:1 canary: .*did you mean "echo"/);
  assert.match(problems("query: q0\nsweep: {canary: [echo]}\n").join(), /canary belongs to the whole sweep/);
});

test("the echo answers one query, in one format", () => {
  const problems = (text: string) => problemsOf(() => resolve(text));
  assert.deepEqual(problems("query: q0\nsystem: echo\n"), []);
  assert.match(problems("query: q5\nsystem: echo\n").join(), /c\.yaml:1:1 query: the echo answers q0 only/);
  assert.match(problems("query: q0\nsystem: echo\ndata: {format: binary}\n").join(), /the echo reads json only/);
});
