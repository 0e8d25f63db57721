import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { loadSweep, resolveText } from "../../../harness/config/load.ts";
import { eventCount, loadDurationMs } from "../../../harness/config/schedule.ts";
import { runInput, runStreams } from "../../../harness/config/streams.ts";
import { deployConfig } from "../../../harness/sweep/deploy-config.ts";

const PAPER = new URL("../../../configs/paper/", import.meta.url);

function resolve(query: string, microbench: string, load = "{rate: 100/s, duration: 10s}") {
  const text = `query: ${query}\ndata: {generator: microbench}\nmicrobench: ${microbench}\nload: ${load}\nwarmup: 0s\n`;
  return resolveText(text, "c.yaml", []);
}

test("a pattern is the same load as its steps", () => {
  const { config } = resolve("chain", "{}", '{steps: "30:500,60:250,90:0"}');
  assert.deepEqual(config.load, {
    shape: "steps",
    feeders: 1,
    steps: [
      { rate: 500, duration: 30_000 },
      { rate: 250, duration: 30_000 },
      { rate: 0, duration: 30_000 },
    ],
  });
  assert.equal(eventCount(config), 22_500);
  assert.equal(loadDurationMs(config), 90_000);
  const cells = resolveText('query: q0\nsweep: {load.steps: ["9:10", "5:20,9:0"]}\n', "c.yaml", []).cells;
  assert.deepEqual(
    cells.map((cell) => eventCount(cell.config)),
    [90, 100],
  );
});

test("a pattern that is none is refused at its place", () => {
  assert.throws(
    () => resolve("chain", "{}", '{steps: "30:500,20:1"}'),
    /c\.yaml:4:\d+ load\.steps: part 2 of the pattern ends at second 20.*\(write "30:500,60:250"/,
  );
  assert.throws(() => resolve("chain", "{}", "{steps: 30}"), /load\.steps: expected a list, found 30/);
});

test("every source has a schedule of its own and lasts as long as the first", () => {
  const { config } = resolve("threeSources", '{load2: {rate: 5/s}, load3: {steps: "4:20,6:0,60:1"}, keys: 7}');
  const streams = runStreams(config);
  assert.deepEqual(
    streams.map(({ name, events, feeders, closing }) => [name, events, feeders, closing]),
    [
      ["events", 1000, 1, false],
      ["second", 50, 1, false],
      ["third", 84, 1, false],
    ],
  );
  const input = runInput(streams);
  assert.equal(input.dataSet.events, 1134);
  assert.deepEqual(
    [0, 1, 2].map((index) => input.locate(index).stream),
    [0, 1, 2],
  );
  assert.deepEqual(
    ["chain", "keyedTwoSources"].map((query) => runStreams(resolve(query, "{}").config).length),
    [1, 2],
  );
});

test("the job is told how many stages", () => {
  assert.deepEqual(deployConfig(resolve("keyedChain", "{stages: 5}").config).jobParameters, { stages: 5 });
  assert.equal(deployConfig(resolveText("query: q0\n", "c.yaml", []).config).jobParameters, undefined);
});

test("what cannot be is refused at its place", () => {
  const refusals: [microbench: string, wanted: RegExp][] = [
    ["{stages: 0}", /3:\d+ microbench\.stages: must be at least 1/],
    ["{keyz: 1}", /microbench\.keyz: unknown setting "keyz" \(did you mean "keys"\?/],
    ["{load2: {rate: 0/s}}", /microbench\.load2\.rate: the rate must be above 0/],
    ["{load2: {rate: 1/s, feeders: 2}}", /microbench\.load2\.feeders: unknown setting/],
    ["{load3: {file: a.csv}}", /microbench\.load3\.shape: expected/],
    ["{load3: {mid: 1/s, amplitude: 2/s, period: 1s}}", /load3\.amplitude: the amplitude 2\/s is above mid 1\/s/],
    ["{load3: {base: 1/s, burst: 2/s, every: 1s, length: 2s}}", /shorter than microbench\.load3\.every/],
    ['{load3: {steps: "20:0,30:5"}}', /microbench\.load3: not one event is due/],
    ['{load2: {steps: "20:0"}}', /microbench\.load2: not one event is due/],
  ];
  for (const [microbench, wanted] of refusals)
    assert.throws(() => resolve("twoSources", microbench), wanted, microbench);
  assert.throws(() => resolveText("query: chain\n", "c.yaml", []), /reads events of data\.generator microbench/);
  const binary = "query: chain\ndata: {generator: microbench, format: binary}\n";
  assert.throws(() => resolveText(binary, "c.yaml", []), /microbench has no binary format/);
});

test("the paper's configs are valid", async () => {
  const files = readdirSync(PAPER).filter((name) => name.startsWith("mb"));
  assert.ok(files.length >= 3);
  for (const file of files) {
    const { cells } = await loadSweep(new URL(file, PAPER).pathname, [], "/");
    for (const { config } of cells) assert.equal(config.data.generator, "microbench", file);
  }
});
