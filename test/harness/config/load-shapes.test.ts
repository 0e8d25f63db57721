import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadSweep, recordedTraces, resolveText } from "../../../harness/config/load.ts";
import { eventCount, loadDurationMs, peakRatePerSecond } from "../../../harness/config/schedule.ts";
import { runStreams } from "../../../harness/config/streams.ts";
import { parseTrace } from "../../../harness/config/trace.ts";
import { temporaryFolder } from "../synthetic-run.ts";

const resolve = (load: string, rest = "") => resolveText(`query: q0\nload: ${load}\nwarmup: 0s\n${rest}`, "c.yaml", []);

/** The shape that is understood, its events, its length in ms and its highest rate. */
function facts(load: string, rest = ""): readonly [string, number, number, number] {
  const { config } = resolve(load, rest);
  return [config.load.shape, eventCount(config), loadDurationMs(config), peakRatePerSecond(config.load)];
}

test("every shape has as many events as its integral, and keys of its own tell it", () => {
  assert.deepEqual(facts("{from: 0/s, to: 1k/s, duration: 10s}"), ["ramp", 5000, 10_000, 1000]);
  assert.deepEqual(facts("{mid: 1k/s, amplitude: 500/s, period: 5s, duration: 10s}"), ["sine", 10_000, 10_000, 1500]);
  assert.deepEqual(facts("{low: 0/s, high: 1k/s, period: 2s, duration: 5s}"), ["square", 2000, 5000, 1000]);
  const burst = "{base: 100/s, burst: 1k/s, every: 1s, length: 100ms}";
  assert.deepEqual(facts(burst), ["burst", 20 * (90 + 100), 20_000, 1000]);
  assert.deepEqual(facts(burst, "data: {events: 190}\n").slice(0, 2), ["burst", 190]);
  const points = "{points: [{at: 0s, rate: 100/s}, {at: 2s, rate: 0/s}, {at: 3s, rate: 50/s}]}";
  assert.deepEqual(facts(points), ["trace", 250, 4000, 100]);
  assert.deepEqual(facts("{steps: [{rate: 0/s, duration: 1s}, {rate: 5/s, duration: 1s}]}"), ["steps", 5, 2000, 5]);
});

test("what no load can be is refused at its place", () => {
  const refusals: [load: string, rest: string, wanted: RegExp][] = [
    ["{mid: 10/s, amplitude: 11/s, period: 1s}", "", /2:\d+ load\.amplitude: the amplitude 11\/s is above mid 10\/s/],
    ["{base: 1/s, burst: 9/s, every: 1s, length: 1s}", "", /load\.length: a burst of 1s does not fit into 1s/],
    ["{low: 0/s, high: 0/s, period: 1s}", "", /load: not one event is due/],
    ["{from: 0/s, to: 0/s, duration: 1s}", "", /load: not one event is due/],
    [
      "{from: 0/s, to: 10/s, duration: 1s}",
      "data: {events: 6}\n",
      /6 events are more than the 5 that the load makes due/,
    ],
    ["{mid: 9/s, amplitude: 1/s, period: 1s, duration: 5s}", "data: {events: 6}\n", /both say how long/],
    ["{rate: 9/s, feeders: 5}", "", /load\.feeders: 5 feeders are more than the 4 partitions/],
    ["{shape: trace}", "", /load: a trace has neither file nor points/],
    ["{file: a.csv, points: [{at: 0s, rate: 1/s}, {at: 1s, rate: 1/s}]}", "", /load\.points: .* both given/],
    ["{points: [{at: 1s, rate: 1/s}, {at: 2s, rate: 1/s}]}", "", /load\.points: the first point of a trace is at 0/],
    ["{points: [{at: 0s, rate: 1/s}, {at: 0s, rate: 1/s}]}", "", /point 2 is not later than the one before it/],
    ["{points: [{at: 0s, rate: 1/s}, {at: 500us, rate: 1/s}]}", "", /point 2 is not at a whole millisecond/],
  ];
  for (const [load, rest, wanted] of refusals) assert.throws(() => resolve(load, rest), wanted, load);
});

test("a trace file is found beside the config, and its points become part of it", async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "traces"));
  writeFileSync(join(folder, "traces", "day.csv"), "seconds,rate\r\n# night\r\n0,100\r\n1.5, 2.5\r\n");
  const text = "query: q0\nload: {shape: trace, file: traces/day.csv}\nwarmup: 0s\n";
  writeFileSync(join(folder, "c.yaml"), text);
  const sweep = await loadSweep("c.yaml", [], folder);
  const points = [
    { at: 0, rate: 100 },
    { at: 1500, rate: 2.5 },
  ];
  assert.deepEqual(sweep.config.load, { shape: "trace", file: "traces/day.csv", points, feeders: 1 });
  assert.equal(eventCount(sweep.config), 154);

  // A results folder is enough to have the same sweep again.
  const again = resolveText(text, "c.yaml", [], recordedTraces([sweep.config]));
  assert.equal(again.hash, sweep.hash);
  const missing = resolveText.bind(null, text, "c.yaml", [], recordedTraces([]));
  assert.throws(missing, /load\.file: traces\/day\.csv: the results folder does not have it/);
  writeFileSync(join(folder, "c.yaml"), text.replace("day", "night"));
  await assert.rejects(
    loadSweep("c.yaml", [], folder),
    /c\.yaml:2:22 load\.file: traces\/night\.csv: cannot be read: ENOENT/,
  );
});

test("a line that is no point of a trace is named", () => {
  assert.deepEqual(parseTrace("0,1\n\n0.3,0\n"), [
    { at: 0, rate: 1 },
    { at: 300, rate: 0 },
  ]);
  for (const bad of ["0,1\n1;2\n", "0,1\n1\n", "0,1\n1,-2\n", "0,1\n1,1e3\n", "0,1\nseconds,rate\n", "0,1\n1,2,3\n"]) {
    assert.equal(parseTrace(bad), 'line 2 is not "seconds,events per second"', bad);
  }
  assert.equal(parseTrace("0,1\n".repeat(10_001)), "it has more than 10000 points");
});

test("feeders share the main stream only", () => {
  const text = "query: bettercloud\ndata: {generator: bettercloud}\nload: {rate: 1k/s, feeders: 3}\n";
  const streams = runStreams(resolveText(text, "c.yaml", []).config);
  const shares = streams.map(({ name, feeders }) => [name, feeders]);
  assert.deepEqual(Object.fromEntries(shares), { controls: 1, events: 3 });
});
