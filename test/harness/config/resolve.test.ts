import assert from "node:assert/strict";
import { test } from "node:test";
import type { FaultlineError } from "../../../base/errors.ts";
import type { QueryCatalog } from "../../../harness/config/cross-checks.ts";
import { parseConfigDocument } from "../../../harness/config/document.ts";
import { onlyCell } from "../../../harness/config/only-cell.ts";
import { parseOverrides } from "../../../harness/config/overrides.ts";
import { type ResolvedSweep, resolveSweep } from "../../../harness/config/resolve.ts";
import { problemsOf } from "./problems.ts";

const catalog: QueryCatalog = {
  ids: ["q0", "q5", "q23"],
  undefinedOn: (id, { mode }) => (id === "q23" && mode === "classic" ? "it needs channels" : null),
};

function resolve(text: string, ...sets: string[]): ResolvedSweep {
  return resolveSweep(parseConfigDocument(text, "c.yaml"), parseOverrides(sets), catalog);
}

const problems = (text: string, ...sets: string[]) => problemsOf(() => resolve(text, ...sets));

test("the smallest config gets every default, in plain numbers", () => {
  const { config, cells } = resolve("query: q0\n");
  assert.equal(config.name, "c");
  assert.deepEqual(config.load, { shape: "constant", rate: 10_000, feeders: 1 });
  assert.equal(config.warmup, 5000);
  assert.equal(config.data.watermarkDelay, 4000);
  assert.equal(config.engine.liveness.timeout, 1000);
  assert.equal(config.kafka.heap, 2 ** 30);
  assert.equal(config.data.nexmark.mode, "head");
  assert.deepEqual(
    cells.map(({ cell }) => cell),
    [{ id: "q0", axes: {} }],
  );
});

test("a resolved config cannot be changed", () => {
  const { config } = resolve("query: q0\n");
  assert.throws(() => {
    (config.engine.liveness as { timeout: number }).timeout = 5;
  }, TypeError);
});

test("all errors come at once, each with line, column and the nearest known key", () => {
  const found = problems(
    [
      "qurey: q0",
      "load: {rate: 0/s, duraton: 5s}",
      "data:",
      "  nexmark: {mode: hed, hotRatios: {sellrs: 1}}",
      "  partitions: 0",
      "engine:",
      "  liveness: {timeout: 10}",
      "kafka: {brokers: localhost:9092}",
    ].join("\n"),
  );
  assert.deepEqual(found.toSorted(), [
    "c.yaml:1:1 query: missing (for example `query: q0`)",
    'c.yaml:1:1 qurey: unknown setting "qurey" (did you mean "query"?)',
    'c.yaml:2:19 load.duraton: unknown setting "duraton" (did you mean "duration"?)',
    "c.yaml:2:8 load.rate: the rate must be above 0 and at most 1G/s (a load without events measures nothing)",
    'c.yaml:4:13 data.nexmark.mode: expected classic or head, found "hed" (did you mean "head"?)',
    'c.yaml:4:36 data.nexmark.hotRatios.sellrs: unknown setting "sellrs" (did you mean "sellers"?)',
    "c.yaml:5:3 data.partitions: must be at least 1, found 0",
    "c.yaml:7:14 engine.liveness.timeout: expected a duration, found 10 (add the unit, for example 10s)",
    'c.yaml:8:9 kafka.brokers: expected a list, found "localhost:9092" (write a list in brackets: ["localhost:9092"])',
  ]);
});

test("syntax errors name their place", () => {
  assert.throws(
    () => parseConfigDocument("query: q0\nload: {rate: 1k/s\nwarmup: 1s\n", "c.yaml"),
    (error: FaultlineError) => error.code === "config-invalid" && /c\.yaml:3:/.test(error.message),
  );
  assert.throws(
    () => parseConfigDocument("query: q0\nquery: q5\n", "c.yaml"),
    (error: FaultlineError) => /c\.yaml:2:1: .*unique/.test(error.message),
  );
  assert.throws(() => parseConfigDocument("- a\n- b\n", "c.yaml"), /a config is a mapping/);
});

test("--set wins, is recorded, and is named when it is wrong", () => {
  const sweep = resolve("query: q0\nload: {rate: 1k/s}\n", "load.rate=2k/s", "engine.workers=3");
  assert.equal(sweep.config.load.shape === "constant" && sweep.config.load.rate, 2000);
  assert.equal(sweep.config.engine.workers, 3);
  assert.deepEqual(sweep.overrides, ["load.rate=2k/s", "engine.workers=3"]);
  assert.deepEqual(problems("query: q0\n", "engine.wrkers=3"), [
    '--set engine.wrkers=3: engine.wrkers: unknown setting "wrkers" (did you mean "workers"?)',
  ]);
  assert.throws(() => parseOverrides(["load.rate"]), /expected path=value/);
});

test("--set cannot reach the prototype of an object", () => {
  const found = problems("query: q0\n", "__proto__.polluted=1");
  assert.equal(found.length, 1);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test("axes make the product; --set on an axis fixes it", () => {
  const text = "query: q0\nsweep: {query: [q0, q5], load.rate: [1k/s, 2500/s]}\n";
  const sweep = resolve(text);
  assert.deepEqual(
    sweep.cells.map(({ cell }) => cell.id),
    ["q0-rate-1000", "q0-rate-2500", "q5-rate-1000", "q5-rate-2500"],
  );
  assert.equal(sweep.cells[3]?.config.query, "q5");
  assert.deepEqual(sweep.cells[3]?.cell.axes, { query: "q5", "load.rate": "2500/s" });
  const fixed = resolve(text, "query=q5");
  assert.deepEqual(
    fixed.cells.map(({ cell }) => cell.id),
    ["q5-rate-1000", "q5-rate-2500"],
  );
  const replaced = resolve(text, "sweep.load.rate=[7k/s]");
  assert.deepEqual(
    replaced.cells.map(({ cell }) => cell.id),
    ["q0-rate-7000", "q5-rate-7000"],
  );
});

test("cell ids stay unique and safe as file names whatever the values", () => {
  const odd = resolve("query: q0\nsweep: {engine.bufferTimeout: [1ms, 1 ms], warmup: [0s]}\n");
  assert.deepEqual(
    odd.cells.map(({ cell }) => cell.id),
    ["q0-bufferTimeout-1ms-warmup-0s", "q0-bufferTimeout-1-ms-warmup-0s"],
  );
  const same = resolve("query: q0\nsweep: {engine.bufferTimeout: [1ms, 1ms]}\n");
  assert.deepEqual(
    same.cells.map(({ cell }) => cell.id),
    ["q0-bufferTimeout-1ms", "q0-bufferTimeout-1ms.2"],
  );
  const lists = resolve("query: q0\nsweep: {load: [{rate: 1k/s}, {steps: [{rate: 1/s, duration: 9s}]}]}\n");
  for (const { cell } of lists.cells) assert.match(cell.id, /^[A-Za-z0-9.-]+$/);
});

test("a wrong axis is told with its value and the place of the value", () => {
  const text = "query: q0\nsweep:\n  load.rat: [1k/s]\n  parallelism: [1, 0, x]\n  kafka.heap: [1g]\n";
  assert.deepEqual(problems(text), [
    "c.yaml:5:3 sweep.kafka.heap: kafka belongs to the whole sweep and cannot be an axis",
    'c.yaml:3:14 load.rat: unknown setting "rat", as value "1k/s" of the axis load.rat (did you mean "rate"?)',
    "c.yaml:4:20 parallelism: must be at least 1, found 0, as value 0 of the axis parallelism",
    'c.yaml:4:23 parallelism: expected a number, found "x", as value "x" of the axis parallelism',
  ]);
  assert.deepEqual(problems("query: q0\nsweep: {query: []}\n"), [
    "c.yaml:2:9 sweep.query: must have at least 1 entry, found []",
  ]);
});

test("settings that contradict each other are refused, with the cells that they make", () => {
  assert.match(
    problems("query: q7\n")[0] ?? "",
    /^c\.yaml:1:1 query: unknown query "q7" \(known queries: q0, q5, q23\)$/,
  );
  assert.match(problems("query: Q5\n")[0] ?? "", /did you mean "q5"\?/);
  assert.match(problems("query: q23\ndata: {nexmark: {mode: classic}}\n")[0] ?? "", /needs channels/);
  assert.match(problems("query: q0\nwarmup: 20s\n")[0] ?? "", /c\.yaml:2:1 warmup: the warm-up 20s leaves nothing/);
  assert.match(problems("query: q0\nparallelism: 200\n")[0] ?? "", /more than engine\.keyGroups 128/);
  assert.match(problems("query: q0\nengine: {liveness: {timeout: 100ms}}\n")[0] ?? "", /not longer than the interval/);
  assert.match(problems("query: q0\nload: {duration: 5s}\ndata: {events: 5}\n")[0] ?? "", /both say how long/);
  assert.deepEqual(problems("query: q0\nwarmup: 1h\nsweep: {load.rate: [1k/s, 2k/s]}\n"), [
    "c.yaml:2:1 warmup: the warm-up 1h leaves nothing of a load of 20s, in cell q0-rate-1000 and 1 more (shorten warmup, or lengthen load.duration)",
  ]);
});

test("the hash follows the meaning, not the writing", () => {
  const one = resolve("query: q0\nload: {rate: 1k/s, duration: 10s}\n");
  const same = resolve("load:\n  duration: 10000ms\n  rate: 1000/s\nquery: q0\n# a comment\n");
  const other = resolve("query: q0\nload: {rate: 1k/s, duration: 11s}\n");
  assert.equal(one.hash, same.hash);
  assert.notEqual(one.hash, other.hash);
});

test("run takes one cell", () => {
  const sweep = resolve("query: q0\nsweep: {query: [q0, q5]}\n");
  assert.throws(() => onlyCell(sweep, undefined), /has 2 cells/);
  assert.throws(
    () => onlyCell(sweep, "q6"),
    (error: FaultlineError) => error.code === "usage",
  );
  assert.deepEqual(
    onlyCell(sweep, "q5").cells.map(({ config }) => config.query),
    ["q5"],
  );
});

test("a setting of another restart strategy than the implied one says whose it is", () => {
  assert.deepEqual(problems("query: q0\nrestart: {initial: 1s, delay: 2s}\n"), [
    "c.yaml:2:11 restart.initial: a setting of strategy exponential-delay, and no strategy is given: that is fixed-delay (write strategy: exponential-delay)",
  ]);
  assert.match(problems("query: q0\nrestart: {multplier: 2}\n")[0]!, /did you mean "multiplier"/);
  assert.match(problems("query: q0\nrestart: {attempts: many}\n")[0]!, /expected a number, found "many"/);
});
