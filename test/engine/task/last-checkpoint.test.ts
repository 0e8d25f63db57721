import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEFAULT_CHECKPOINTS } from "../../../engine/cluster/job-spec.ts";
import { graphOf, mapNode, sinkNode, sourceNode } from "../simulation/tiny-job.ts";
import { ASK, lateService } from "./ask-node.ts";
import { linesOf, rigTask, Sender } from "./task-rig.ts";

const LAST = { kind: "begins", order: { checkpointId: 1, atUs: 0, last: true } } as const;
const ABORTED = { kind: "aborted", checkpointId: 1, fate: "gone" } as const;
const COMPLETE = { kind: "complete", checkpointId: 1 } as const;
const row = (value: number) => ({ key: 1, value, time: value });

/** A source that sends its rows to another worker. */
function rigSource() {
  const graph = graphOf(sourceNode(), mapNode("source", "roundRobin", "map"), sinkNode("map"));
  const options = { bufferTimeoutUs: 0, watermarkIntervalUs: 5000 };
  const rig = rigTask(graph, "source", { checkpoints: DEFAULT_CHECKPOINTS, options });
  rig.task.start();
  const sent = () => linesOf(rig.sent.splice(0));
  return { ...rig, sent, reader: () => rig.log.readers.at(-1)! };
}

/** A task that asks a service about each row; `answers` of what it has asked so far. */
function rigRequests() {
  const { callOut, answers } = lateService();
  const rig = rigTask(graphOf(sourceNode(), ASK, mapNode("ask", "roundRobin", "map"), sinkNode("map")), "ask", {
    checkpoints: DEFAULT_CHECKPOINTS,
    options: { bufferTimeoutUs: 0 },
    callOut,
  });
  rig.task.start();
  const sender = new Sender(0, 0);
  for (const frame of [sender.rows(row(1)), sender.barrier(1)]) rig.task.onFrame(frame, rig.link);
  rig.time.advance();
  return { ...rig, answers, sent: () => linesOf(rig.sent.splice(0)) };
}

describe("a task behind the job's last checkpoint", () => {
  it("takes nothing of a fetch that was under way: no checkpoint would cover it", () => {
    const { task, time, sent, reader } = rigSource();
    reader().give(0, 0, [row(1)]);
    task.onCheckpoint(LAST);
    assert.deepEqual(sent(), ["1:1@1", "wm1", "barrier1"]);
    reader().give(0, 1, [row(2)]);
    time.advance(20_000);
    assert.deepEqual(sent(), []);
  });

  it("takes it when that checkpoint is given up, and once", () => {
    const { task, time, sent, reader, log } = rigSource();
    reader().give(0, 0, [row(1)]);
    task.onCheckpoint(LAST);
    sent();
    reader().give(0, 1, [row(2)]);
    reader().handler.onSkipped(0, 3);
    task.onCheckpoint(ABORTED);
    assert.deepEqual(
      log.readers.map(({ from, closed, paused }) => [from[0]!.offset, closed, paused]),
      [
        [0, true, true],
        [1, false, false],
      ],
    );
    reader().give(0, 1, [row(2)]);
    time.advance(20_000);
    assert.deepEqual(sent(), ["1:2@2", "wm2"]);
  });

  it("says no watermark that was due later, but when the checkpoint is given up", () => {
    const { task, time, sent, reader } = rigSource();
    reader().give(0, 0, [row(1)]);
    reader().give(0, 1, [row(2)]);
    task.onCheckpoint(LAST);
    time.advance(20_000);
    assert.deepEqual(sent(), ["1:1@1", "1:2@2", "wm1", "barrier1"]);
    task.onCheckpoint(ABORTED);
    time.advance();
    assert.deepEqual(sent(), ["wm2"]);
  });

  it("does not end by a drain, but when the checkpoint is given up", () => {
    const { task, time, sent, reader } = rigSource();
    task.onCheckpoint(LAST);
    task.drain();
    reader().ends!([0]);
    time.advance(20_000);
    assert.deepEqual(sent(), ["barrier1"]);
    task.onCheckpoint(ABORTED);
    assert.deepEqual(sent(), ["end"]);
  });

  it("hears no answers; they come when the checkpoint is given up, or nobody would ask again", () => {
    const { task, time, sent, answers } = rigRequests();
    task.onCheckpoint(LAST);
    for (const answer of answers) answer();
    time.advance();
    assert.deepEqual(sent(), ["barrier1"]);
    task.onCheckpoint(ABORTED);
    time.advance();
    assert.deepEqual(sent(), ["1:1@1"]);
  });

  it("hears no answers at all when it is complete", () => {
    const { task, time, sent, answers, states } = rigRequests();
    task.onCheckpoint(LAST);
    for (const answer of answers) answer();
    task.onCheckpoint(COMPLETE);
    time.advance();
    assert.deepEqual([sent(), states.at(-1)], [["barrier1"], ["finished", null]]);
  });
});
