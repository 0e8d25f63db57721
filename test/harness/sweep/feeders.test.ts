import assert from "node:assert/strict";
import { test } from "node:test";
import { runStreams } from "../../../harness/config/streams.ts";
import { Feeders, feederRole, feederStarts } from "../../../harness/sweep/feeders.ts";
import type { RunContext } from "../../../harness/sweep/run-context.ts";
import type { FeederProgress } from "../../../harness/sweep/toolbox.ts";
import { fakeWorld, SUMMARY, smallSweep } from "./fakes.ts";

const { config } = smallSweep("query: q0\nload: {rate: 1k/s, feeders: 2}\n");
const stream = runStreams(config)[0]!;

function starts(fed: (progress: FeederProgress) => void) {
  const context = {
    config,
    kafka: { brokers: ["b:1"] },
    directories: { raw: "raw", logs: "logs" },
    events: { fed },
  } as unknown as RunContext;
  return feederStarts(context, "p", stream);
}

test("every part of a stream has a feeder with a name of its own", () => {
  const parts = starts(() => {}).map(({ part, topic }) => [feederRole(stream, part), part, topic]);
  assert.deepEqual(parts, [
    ["feeder-1", 0, "p.in"],
    ["feeder-2", 1, "p.in"],
  ]);
  assert.equal(feederRole({ ...stream, feeders: 1 }, 0), "feeder");
  assert.equal(feederRole({ ...stream, name: "controls", feeders: 1 }, 0), "feeder-controls");
});

test("their progress is shown as one: counts added, the worst lag", () => {
  const shown: FeederProgress[] = [];
  const [first, second] = starts((progress) => shown.push(progress));
  first!.onProgress({ due: 10, sent: 9, acked: 8, lagP99Us: null });
  second!.onProgress({ due: 20, sent: 20, acked: 20, lagP99Us: 70 });
  first!.onProgress({ due: 30, sent: 30, acked: 30, lagP99Us: 50 });
  assert.deepEqual(shown, [
    { due: 10, sent: 9, acked: 8, lagP99Us: null },
    { due: 30, sent: 29, acked: 28, lagP99Us: 70 },
    { due: 50, sent: 50, acked: 50, lagP99Us: 70 },
  ]);
});

test("they start at the same moment, and their last words are added up", async () => {
  const tools = fakeWorld().toolbox;
  const feeders = new Feeders();
  const started: number[][] = [];
  for (const part of [0, 1]) {
    const summary = { ...SUMMARY, sent: 100 + part, finishedUs: 9 - part, lagUs: { ...SUMMARY.lagUs, max: 5 + part } };
    const start = (startUs: number, startWallMs: number) => started.push([startUs, startWallMs]);
    feeders.add(stream, part, { pid: part, start, done: Promise.resolve(summary), stop: async () => {} });
  }
  assert.equal(feeders.record().feeder, null, "nobody has told anything yet");
  await feeders.feed("others", tools, 250);
  assert.equal(started.length, 2);
  assert.deepEqual(started[0], started[1]);
  const { feeder, feeders: each } = feeders.record();
  assert.deepEqual([feeder?.sent, feeder?.acked, feeder?.finishedUs, feeder?.lagUs.max], [201, 200, 9, 6]);
  assert.deepEqual(
    Object.entries(each ?? {}).map(([name, { sent }]) => [name, sent]),
    [
      ["events-1", 100],
      ["events-2", 101],
    ],
  );
});
