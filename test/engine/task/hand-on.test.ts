import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CHECKPOINTS } from "../../../engine/cluster/job-spec.ts";
import type { LogicalNode } from "../../../engine/dataflow/graph.ts";
import type { Operator, Output } from "../../../engine/operators/operator.ts";
import type { ColumnBatch } from "../../../engine/rows/batch.ts";
import { IDLE_WATERMARK } from "../../../engine/task/watermark-tracker.ts";
import { graphOf, mapNode, sinkNode, sourceNode, windowNode } from "../simulation/tiny-job.ts";
import { type TinyRow, tinyBatch, tinyRows } from "../simulation/tiny-rows.ts";
import { ASK, lateService } from "./ask-node.ts";
import { linesOf, rigTask, Sender } from "./task-rig.ts";

/** Holds all rows until it must hand them on. */
class Holding implements Operator {
  readonly #rows: TinyRow[] = [];
  #output: Output | null = null;

  open(_context: unknown, output: Output): void {
    this.#output = output;
  }

  process(_input: number, batch: ColumnBatch): void {
    this.#rows.push(...tinyRows(batch));
  }

  handOn(): void {
    if (this.#rows.length > 0) this.#output!.emit(tinyBatch(this.#rows.splice(0)));
  }

  advanceWatermark(timeMs: number): void {
    if (timeMs === Number.POSITIVE_INFINITY) this.handOn();
  }

  snapshot(): void {
    assert.equal(this.#rows.length, 0);
  }

  restore(): void {}
}

const holding = (from: string, kind: "forward" | "roundRobin"): LogicalNode => ({
  ...(mapNode(from, kind, "hold") as Extract<LogicalNode, { kind: "operator" }>),
  create: () => new Holding(),
});

/** Of these nodes the task that holds; `give` hands it frames and says what it sends. */
function rigHolding(vertex: string, ...nodes: readonly LogicalNode[]) {
  const { callOut, answers } = lateService();
  const graph = graphOf(sourceNode(), ...nodes, windowNode("hold", 10), sinkNode("window"));
  const rig = rigTask(graph, vertex, {
    checkpoints: DEFAULT_CHECKPOINTS,
    options: { bufferTimeoutUs: 0 },
    callOut,
  });
  rig.task.start();
  const sender = new Sender(0, 0);
  const sent = () => {
    rig.time.advance();
    return linesOf(rig.sent.splice(0));
  };
  const give = (...frames: Parameters<typeof rig.task.onFrame>[0][]) => {
    for (const frame of frames) assert.equal(rig.task.onFrame(frame, rig.link), true);
    return sent();
  };
  return { ...rig, answers, sender, sent, give };
}

const row = { key: 1, value: 2, time: 7 };

test("what operators hold leaves before the barrier, and is in no snapshot", () => {
  const { sender, give, snapshots } = rigHolding("hold", holding("source", "roundRobin"));
  assert.deepEqual(give(sender.rows(row), sender.watermark(5)), ["wm5"]);
  assert.deepEqual(give(sender.barrier(1), sender.rows(row)), ["1:2@7", "barrier1"]);
  assert.equal(snapshots.length, 1);
  assert.deepEqual(give(sender.end()), ["1:2@7", "end"]);
});

test("a source's task does the same at the coordinator's order", () => {
  const { task, log, sent } = rigHolding("source", holding("source", "forward"));
  log.readers[0]!.give(0, 0, [row]);
  assert.deepEqual(sent(), ["wm7"]);
  task.onCheckpoint({ kind: "begins", order: { checkpointId: 1, atUs: 0, last: false } });
  assert.deepEqual(sent(), ["1:2@7", "barrier1"]);
});

test("it leaves before receivers are told not to wait for the task, and while they do not wait", () => {
  const { sender, give } = rigHolding("hold", holding("source", "roundRobin"));
  assert.deepEqual(give(sender.rows(row), sender.watermark(5)), ["wm5"]);
  assert.deepEqual(give(sender.watermark(IDLE_WATERMARK)), ["1:2@7", "wmNaN"]);
  assert.deepEqual(give(sender.rows(row)), ["1:2@7"]);
});

test("rows that an operator before it has kept back go through both before the task is idle", () => {
  const { sender, sent, give, answers } = rigHolding("ask", ASK, holding("ask", "forward"));
  assert.deepEqual(give(sender.watermark(5)), ["wm5"]);
  assert.deepEqual(give(sender.rows(row), sender.watermark(IDLE_WATERMARK)), []);
  for (const answer of answers.splice(0)) answer();
  assert.deepEqual(sent(), ["1:2@7", "wmNaN"]);
});
