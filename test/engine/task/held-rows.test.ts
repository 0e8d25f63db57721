import assert from "node:assert/strict";
import { test } from "node:test";
import { IDLE_WATERMARK } from "../../../engine/task/watermark-tracker.ts";
import { graphOf, sinkNode, sourceNode, windowNode } from "../simulation/tiny-job.ts";
import { ASK, lateService } from "./ask-node.ts";
import { linesOf, rigTask, Sender } from "./task-rig.ts";

/** Source ⇒ requests ⇒ window: the task in the middle. */
function rigRequests(from?: Uint8Array) {
  const { callOut, answers, cancelled } = lateService();
  const graph = graphOf(sourceNode(), ASK, windowNode("ask", 10), sinkNode("window"));
  const rig = rigTask(graph, "ask", {
    options: { bufferTimeoutUs: 0 },
    callOut,
  });
  if (from !== undefined) rig.task.restore(from);
  rig.task.start();
  const sender = new Sender(0, 0);
  const give = (...frames: Parameters<typeof rig.task.onFrame>[0][]) => {
    for (const frame of frames) assert.equal(rig.task.onFrame(frame, rig.link), true);
    rig.time.advance();
    return linesOf(rig.sent.splice(0));
  };
  const answer = () => {
    for (const one of answers.splice(0)) one();
    rig.time.advance();
    return linesOf(rig.sent.splice(0));
  };
  return { task: rig.task, time: rig.time, cancelled, sender, give, answer };
}

const row = { key: 1, value: 2, time: 7 };

test("a task is not idle while rows wait in it: receivers must wait for what they may still bring", () => {
  const { sender, give, answer } = rigRequests();
  assert.deepEqual(give(sender.watermark(5)), ["wm5"]);
  assert.deepEqual(give(sender.rows(row), sender.watermark(IDLE_WATERMARK)), []);
  assert.deepEqual(answer(), ["1:2@7", "wmNaN"]);
  assert.deepEqual(give(sender.watermark(8)), ["wm8"]);
});

test("a watermark that waits behind a row goes on before the task is idle", () => {
  const { sender, give, answer } = rigRequests();
  assert.deepEqual(give(sender.rows(row), sender.watermark(5), sender.watermark(IDLE_WATERMARK)), []);
  assert.deepEqual(answer(), ["1:2@7", "wm5", "wmNaN"]);
});

test("the end waits for the rows before it, and is said once", () => {
  const { sender, give, answer } = rigRequests();
  assert.deepEqual(give(sender.rows(row), sender.watermark(IDLE_WATERMARK), sender.end()), []);
  assert.deepEqual(answer(), ["1:2@7", "end"]);
});

test("a watermark that waits behind a row outlives a restore, and so does what receivers know", () => {
  const { task, sender, give } = rigRequests();
  give(sender.rows(row), sender.watermark(5), sender.watermark(IDLE_WATERMARK));
  const restored = rigRequests(task.snapshot());
  assert.deepEqual(restored.answer(), ["1:2@7", "wm5", "wmNaN"]);
});

test("a task that ends leaves no timer and no request behind, which would keep its state in memory", () => {
  const { task, time, cancelled, sender, give } = rigRequests();
  give(sender.rows(row, row));
  assert.equal(time.pending, 2);
  task.cancel();
  assert.deepEqual([time.pending, cancelled.length], [0, 2]);
});
