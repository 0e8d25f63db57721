import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import { Deployment } from "../../../engine/cluster/deployment.ts";
import { DEFAULT_JOB_OPTIONS } from "../../../engine/cluster/job-spec.ts";
import { planJob } from "../../../engine/dataflow/planner.ts";
import { IDLE_WATERMARK, WatermarkTracker } from "../../../engine/task/watermark-tracker.ts";
import { graphOf, mapNode, sinkNode, sourceNode, windowNode } from "../simulation/tiny-job.ts";
import { ManualLog, ManualTime } from "./manual-world.ts";

const CHANNELS = 3;

/** Newest time of each channel that is neither idle nor ended; null when all that have not ended are idle. */
function minimumOf(times: readonly number[], idle: readonly boolean[]): number | null {
  const waiting = times.filter((time, i) => !idle[i] && time !== Number.POSITIVE_INFINITY);
  if (waiting.length > 0) return Math.min(...waiting);
  return idle.includes(true) ? null : Number.POSITIVE_INFINITY;
}

test("a task's watermark is the minimum over the channels that are not idle, and never moves back", () => {
  const step = fc.tuple(fc.nat(CHANNELS - 1), fc.oneof(fc.nat(30), fc.constant("idle"), fc.constant("end")));
  fc.assert(
    fc.property(fc.array(step), fc.nat(), (steps, restoreAt) => {
      let tracker = new WatermarkTracker(CHANNELS);
      const times = new Array<number>(CHANNELS).fill(Number.NEGATIVE_INFINITY);
      const idle = new Array<boolean>(CHANNELS).fill(false);
      let minimum = Number.NEGATIVE_INFINITY;
      for (const [index, [channel, what]] of steps.entries()) {
        if (times[channel] === Number.POSITIVE_INFINITY) continue; // nothing follows the end
        idle[channel] = what === "idle";
        if (what === "end") times[channel] = Number.POSITIVE_INFINITY;
        else if (typeof what === "number") times[channel] = Math.max(times[channel]!, what);
        const said = what === "idle" ? IDLE_WATERMARK : what === "end" ? Number.POSITIVE_INFINITY : (what as number);
        const before = minimum;
        const advanced = tracker.update(channel, said);
        minimum = Math.max(minimum, minimumOf(times, idle) ?? minimum);
        assert.deepEqual([tracker.minimum, advanced], [minimum, minimum > before]);
        assert.equal(tracker.idle, minimumOf(times, idle) === null);
        if (index !== restoreAt % steps.length) continue;
        const writer = new SnapshotWriter();
        tracker.snapshot(writer);
        tracker = new WatermarkTracker(CHANNELS);
        tracker.restore(new SnapshotReader(writer.finish()));
      }
    }),
    { numRuns: 500 },
  );
});

/** Two sources ⇒ two maps ⇒ two windows of 10 ms → sinks on one worker; each source reads one partition. */
function deploy(idleTimeoutMs: number) {
  const graph = graphOf(
    sourceNode(),
    mapNode("source", "roundRobin", "map"),
    windowNode("map", 10),
    sinkNode("window"),
  );
  const time = new ManualTime();
  const log = new ManualLog();
  const placement = (vertex: string, subtask: number) => ({ vertex, subtask, worker: "w", address: "w:1" });
  const deployment = new Deployment({
    worker: "w",
    attempt: 1,
    graph,
    plan: planJob(graph, { parallelism: 2, keyGroups: 4 }),
    job: {
      jobId: "j",
      name: "j",
      module: "m",
      parameters: {},
      parallelism: 2,
      keyGroups: 4,
      sources: { source: { kind: "memory", brokers: [], topic: "in", partitions: 2 } },
      sinks: { sink: { kind: "memory", brokers: [], topic: "out", partitions: 2 } },
      options: { ...DEFAULT_JOB_OPTIONS, idleTimeoutMs },
      bounded: false,
    },
    placements: ["source", "map", "window"].flatMap((vertex) => [placement(vertex, 0), placement(vertex, 1)]),
    world: { clock: time.clock, timers: time.timers, log },
    host: { onNotice: () => {}, onSnapshot: null, onState: (_task, state) => assert.notEqual(state, "failed") },
    states: null,
    fromEnd: false,
    linkToWorker: () => assert.fail("there is one worker"),
  });
  deployment.start();
  time.advance();
  const offsets = [0, 0];
  const give = (partition: number, eventTimeMs: number) => {
    const reader = log.readers.find(({ from }) => from[0]!.partition === partition)!;
    reader.give(partition, offsets[partition]!++, [{ key: 1, value: 1, time: eventTimeMs }]);
    time.advance(5_000);
  };
  const windows = () => log.writers.flatMap(({ rows }) => rows.map(({ row }) => [row.time, row.value]));
  return { time, give, windows };
}

describe("a job with a silent partition", () => {
  it("waits for it without an idle timeout", () => {
    const { time, give, windows } = deploy(0);
    for (let eventTimeMs = 0; eventTimeMs < 100; eventTimeMs += 5) give(0, eventTimeMs);
    time.advance(10_000_000);
    assert.deepEqual(windows(), []);
  });

  it("goes on without it once it is idle, through all vertices, and waits again when it has records", () => {
    const { time, give, windows } = deploy(30);
    for (let eventTimeMs = 0; eventTimeMs <= 30; eventTimeMs += 5) give(0, eventTimeMs);
    assert.deepEqual(
      windows().map(([, count]) => count),
      [2, 2, 2],
      "three windows of two rows",
    );
    give(1, 31);
    for (let eventTimeMs = 35; eventTimeMs <= 50; eventTimeMs += 5) give(0, eventTimeMs);
    give(1, 32); // 30 ms have not passed since 31
    assert.equal(windows().length, 3, "the watermark waits for partition 1");
    time.advance(10_000_000);
    assert.equal(windows().length, 3, "all are idle: nothing fires by itself");
    give(0, 61);
    assert.deepEqual(
      windows().map(([, count]) => count),
      [2, 2, 2, 4, 2, 1],
      "rows 30, 31, 32 and 35, then 40 and 45, then 50",
    );
  });
});
