import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CheckpointSettings, DEFAULT_CHECKPOINTS } from "../../../engine/cluster/job-spec.ts";
import type { LogicalGraph } from "../../../engine/dataflow/graph.ts";
import { FRAME_END, type Frame, NO_PAYLOAD } from "../../../engine/task/frame.ts";
import { graphOf, mapNode, sinkNode, sourceNode, windowNode } from "../simulation/tiny-job.ts";
import { creditFor, linesOf, rigTask, Sender } from "./task-rig.ts";

const row = (key: number, time: number) => ({ key, value: time, time });

/** source ⇒ window (hash) ⇒ map (round robin) ⇒ sink: the window is a task with a channel on both sides. */
function windowInTheMiddle(): LogicalGraph {
  return graphOf(sourceNode(), windowNode("source", 10), mapNode("window", "roundRobin", "map"), sinkNode("map"));
}

function rigWindow(options = {}, parallelism = 1, replicas = 1, checkpoints?: CheckpointSettings) {
  const rig = rigTask(windowInTheMiddle(), "window", {
    replicas,
    ...(checkpoints === undefined ? {} : { checkpoints }),
    options: { bufferTimeoutUs: 0, ...options },
    parallelism,
  });
  const [edge] = rig.plan.edges.filter(({ to }) => to === "window");
  const give = (...frames: Frame[]) => {
    for (const frame of frames) assert.equal(rig.task.onFrame(frame, rig.link), true);
    rig.time.advance();
  };
  return { ...rig, give, edge: edge!.id };
}

describe("a task", () => {
  it("forwards the minimum watermark of its channels, after what it fires", () => {
    const { task, sent, give, edge } = rigWindow({}, 2);
    const [a, b] = [new Sender(edge, 0), new Sender(edge, 1)];
    task.start();
    give(a.rows(row(1, 1), row(1, 2)), a.watermark(30), b.rows(row(1, 3)));
    assert.deepEqual(linesOf(sent), []);
    give(b.watermark(12));
    const toFirst = () => linesOf(sent.filter(({ receiver }) => receiver === 0));
    assert.deepEqual(toFirst(), ["1:3@10", "wm12"]);
    give(b.watermark(40));
    assert.deepEqual(toFirst(), ["1:3@10", "wm12", "wm30"]);
  });

  it("takes an ended channel out of the minimum, ends with the last one, and finishes when all is acknowledged", () => {
    const { task, sent, states, give, edge } = rigWindow({}, 2);
    const [a, b] = [new Sender(edge, 0), new Sender(edge, 1)];
    task.start();
    give(a.rows(row(1, 1)), a.end(), b.watermark(9));
    const to = (receiver: number) => sent.filter((frame) => frame.receiver === receiver);
    assert.deepEqual(linesOf(to(0)), ["1:1@10", "wm9"]);
    give(b.rows(row(2, 11)), b.end());
    assert.deepEqual(linesOf(sent).filter((line) => line === "end").length, 2);
    assert.deepEqual(states.at(-1), ["running", null]);
    give(creditFor(to(0), 0));
    assert.equal(task.state, "running");
    give(creditFor(to(1), 0));
    assert.equal(task.state, "finished");
  });

  it("acknowledges the end at once", () => {
    const { task, credits, give, edge } = rigWindow();
    const sender = new Sender(edge, 0);
    task.start();
    give(sender.rows(row(1, 1)), sender.end());
    assert.equal(credits.at(-1)!.acknowledged, 2);
  });

  it("numbers what it sends without gaps", () => {
    const { task, sent, give, edge } = rigWindow();
    const sender = new Sender(edge, 0);
    task.start();
    for (let time = 0; time < 100; time += 7) give(sender.rows(row(time % 3, time)), sender.watermark(time));
    give(sender.end());
    let next = 1;
    for (const frame of sent) {
      assert.equal(frame.first, next);
      next += frame.count;
    }
    assert.equal(sent.at(-1)!.kind, FRAME_END);
  });

  it("sends the first rows at once, and holds back others until the buffer is full or the buffer timeout has passed", () => {
    const graph = graphOf(
      sourceNode(),
      mapNode("source", "roundRobin", "map"),
      mapNode("map", "roundRobin", "next"),
      sinkNode("next"),
    );
    const { task, sent, time, link } = rigTask(graph, "map", { options: { bufferTimeoutUs: 1000, bufferBytes: 200 } });
    const sender = new Sender(0, 0);
    task.start();
    task.onFrame(sender.rows(row(1, 1)), link);
    task.onFrame(sender.rows(row(1, 2)), link);
    time.advance();
    assert.deepEqual(linesOf(sent), ["1:1@1", "1:2@2"]);
    assert.equal(sent.length, 1, "rows of one turn leave together");
    task.onFrame(sender.rows(row(1, 3)), link);
    time.advance(999);
    assert.equal(sent.length, 1);
    time.advance(1);
    assert.deepEqual(linesOf(sent.slice(1)), ["1:3@3"]);
    task.onFrame(sender.rows(...Array.from({ length: 6 }, (_, index) => row(2, index))), link);
    time.advance();
    assert.ok(sent.length > 2 && sent[2]!.payload.length >= 200);
    time.advance(10_000);
    assert.equal(time.pending, 0, "a gate without rows does not wake anybody");
  });

  it("stops taking input while its output has no credit, and bounds what is queued and kept", () => {
    const options = { channelWindowBytes: 2000, bufferTimeoutUs: 0, bufferBytes: 500 };
    const graph = graphOf(
      sourceNode(),
      mapNode("source", "roundRobin", "map"),
      mapNode("map", "roundRobin", "next"),
      sinkNode("next"),
    );
    const { task, sent, credits, time, link } = rigTask(graph, "map", { options });
    const sender = new Sender(0, 0);
    task.start();
    let given = 0;
    let offered = 0;
    for (; offered < 200; offered++) {
      const granted = credits.at(-1)?.grantedBytes ?? options.channelWindowBytes;
      if (given >= granted) break;
      const frame = sender.rows(row(1, offered), row(2, offered));
      given += frame.payload.length + 56;
      task.onFrame(frame, link);
      time.advance();
    }
    assert.ok(offered < 60, `${offered} frames were taken although nobody takes the output`);
    assert.ok(task.queuedBytes <= options.channelWindowBytes + 500);
    const before = sent.length;
    time.advance(50_000);
    assert.equal(sent.length, before);
    assert.ok(task.counters().blockedUs >= 50_000);
    task.onFrame(creditFor(sent, 1_000_000), link);
    time.advance();
    assert.ok(sent.length > before);
    assert.equal(task.queuedBytes, 0);
  });

  it("fails when a sender ignores its credit", () => {
    const { task, states, link, edge } = rigWindow({ channelWindowBytes: 300 });
    const sender = new Sender(edge, 0);
    for (let index = 0; index < 10 && task.state === "created"; index++) task.onFrame(sender.rows(row(1, index)), link);
    assert.equal(states.at(-1)![0], "failed");
    assert.match(states.at(-1)![1]!.message, /beyond its credit/);
  });

  it("does not know channels that it does not have", () => {
    const { task, link } = rigWindow();
    const stranger = new Sender(7, 0);
    assert.equal(task.onFrame(stranger.rows(row(1, 1)), link), false);
    assert.equal(task.onFrame(creditFor([stranger.end()], 0), link), false);
  });

  it("drops copies of what it has seen, gives their credit back and counts them", () => {
    const { task, sent, give, edge } = rigWindow({ channelWindowBytes: 1000 });
    const sender = new Sender(edge, 0);
    const frames = [sender.rows(row(1, 1), row(1, 2)), sender.watermark(5), sender.rows(row(1, 3)), sender.end()];
    task.start();
    for (let round = 0; round < 10; round++) give(...frames.slice(0, 3));
    give(frames[3]!);
    assert.deepEqual(linesOf(sent), ["wm5", "1:3@10", "end"]);
    assert.equal(task.counters().custom.duplicates, 9 * 4);
  });

  it("takes every element once from the replicas of its senders, pays each for its copy, and sends to every replica", () => {
    const { task, plan, sent, credits, give, edge } = rigWindow({ channelWindowBytes: 700 }, 1, 2);
    const [first, second] = [new Sender(edge, 0), new Sender(edge, 1)];
    const out = plan.edges.find(({ from }) => from === "window")!.id;
    task.start();
    for (const receiver of [0, 1]) {
      const nothing = { kind: 0, first: 0, count: 0, acknowledged: 0, payload: NO_PAYLOAD } as const;
      give({ ...nothing, attempt: 1, edge: out, sender: 0, receiver, grantedBytes: 1_000_000 });
    }
    for (let time = 0; time < 100; time += 5) {
      const ahead = [first.rows(row(1, time)), first.rows(row(2, time), row(3, time)), first.watermark(time)];
      const behind = [second.rows(row(1, time), row(2, time)), second.rows(row(3, time)), second.watermark(time)];
      give(...(time % 2 === 0 ? [...ahead, ...behind] : [...behind, ...ahead]));
    }
    give(second.end());
    const to = (receiver: number) => linesOf(sent.filter((frame) => frame.receiver === receiver));
    assert.deepEqual(to(0), to(1));
    assert.equal(to(0).filter((line) => line.includes(":")).length, 3 * 10);
    assert.ok(to(0).includes("3:2@100"));
    for (const sender of [0, 1]) {
      const last = credits.findLast((credit) => credit.sender === sender);
      assert.ok(last!.grantedBytes > 3000, `replica ${sender} was granted ${last!.grantedBytes} bytes`);
    }
    assert.deepEqual(
      credits.slice(-2).map(({ sender, acknowledged }) => [sender, acknowledged]),
      [
        [0, 81],
        [1, 81],
      ],
    );
  });

  it("acknowledges to all replicas an end that had to wait for the gap before it", () => {
    const { task, credits, give, edge } = rigWindow({}, 1, 2);
    const [first, second] = [new Sender(edge, 0), new Sender(edge, 1)];
    task.start();
    first.rows(row(1, 1));
    give(first.end());
    give(second.rows(row(1, 1)));
    assert.deepEqual(credits.map(({ sender, acknowledged }) => [sender, acknowledged]).slice(-2), [
      [0, 2],
      [1, 2],
    ]);
  });

  it("sends no barrier behind its end", () => {
    const { task, sent, log, time, snapshots } = rigTask(windowInTheMiddle(), "source", {
      checkpoints: DEFAULT_CHECKPOINTS,
    });
    task.start();
    task.drain();
    log.readers[0]!.ends!([0]);
    task.onCheckpoint({ kind: "begins", order: { checkpointId: 1, atUs: 0, last: false } });
    time.advance(10_000);
    assert.deepEqual(linesOf(sent), ["end"]);
    assert.equal(snapshots.length, 1);
  });

  it("gives a sink's snapshot only when the rows before the barrier are durable", () => {
    const graph = graphOf(sourceNode(), mapNode("source", "roundRobin", "map"), sinkNode("map"));
    const { task, log, time, link, snapshots } = rigTask(graph, "map", {
      checkpoints: DEFAULT_CHECKPOINTS,
    });
    const sender = new Sender(0, 0);
    task.start();
    for (const frame of [sender.rows(row(1, 1)), sender.barrier(7), sender.rows(row(1, 2))]) task.onFrame(frame, link);
    time.advance();
    assert.deepEqual(snapshots, []);
    log.writers[0]!.handler.onAcknowledged(0, 1);
    assert.deepEqual(
      snapshots.map(({ id }) => id),
      [7],
    );
  });

  it("goes on from a snapshot as if nothing had happened", () => {
    const sender = new Sender(0, 0);
    const other = new Sender(0, 1);
    const frames: Frame[] = [];
    for (let time = 0; time < 90; time += 3) {
      frames.push(sender.rows(row(time % 4, time), row(time % 3, time + 1)), other.rows(row(time % 5, time)));
      if (time % 9 === 0) frames.push(sender.watermark(time), other.watermark(time - 6));
    }
    frames.push(sender.end(), other.end());
    const whole = rigWindow({}, 2);
    whole.task.start();
    // Frame by frame: watermarks of one turn leave as one.
    for (const frame of frames) whole.give(frame);
    const expected = linesOf(whole.sent);
    for (let cut = 0; cut < frames.length; cut += 5) {
      const first = rigWindow({}, 2);
      first.task.start();
      for (const frame of frames.slice(0, cut)) first.give(frame);
      const second = rigWindow({}, 2);
      second.task.restore(first.task.snapshot());
      second.task.start();
      for (const frame of frames) second.give(frame);
      const all = [...first.sent, ...second.sent];
      assert.deepEqual(perReceiver(all), perReceiver(whole.sent), `cut after ${cut} frames`);
      assert.equal(linesOf(all).length, expected.length);
    }
  });

  it("sends again, with their numbers, elements that were not acknowledged, when the snapshot has them", () => {
    const first = rigWindow();
    const sender = new Sender(first.edge, 0);
    first.task.start();
    first.give(sender.rows(row(1, 1)), sender.watermark(20));
    const second = rigWindow();
    second.task.restore(first.task.snapshot(true));
    second.task.start();
    assert.deepEqual(second.sent, first.sent);
    const without = rigWindow();
    without.task.restore(first.task.snapshot());
    without.task.start();
    assert.deepEqual(without.sent, []);
  });

  it("takes its snapshot between the rows before and after the barriers, and forwards one barrier", () => {
    const { task, sent, snapshots, give, edge } = rigWindow({}, 2, 1, DEFAULT_CHECKPOINTS);
    const [a, b] = [new Sender(edge, 0), new Sender(edge, 1)];
    task.start();
    give(a.rows(row(1, 1)), a.barrier(1), a.rows(row(1, 2)), b.rows(row(1, 3)));
    assert.equal(snapshots.length, 0);
    const after = [b.barrier(1), b.rows(row(1, 4)), a.end(), b.end()];
    give(...after);
    assert.deepEqual(
      snapshots.map(({ id }) => id),
      [1],
    );
    assert.deepEqual(linesOf(sent.filter(({ receiver }) => receiver === 0)), ["barrier1", "1:4@10", "end"]);
    const restored = rigWindow({}, 2);
    restored.task.restore(snapshots[0]!.bytes);
    restored.task.start();
    const [a2, b2] = [new Sender(edge, 0), new Sender(edge, 1)];
    restored.give(a2.rows(row(1, 1)), a2.barrier(1), b2.rows(row(1, 3)), b2.barrier(1), a2.end(), b2.end());
    assert.deepEqual(linesOf(restored.sent.filter(({ receiver }) => receiver === 0)), ["1:2@10", "end"]);
  });
});

/** Everything sent to each receiver, in order, without how it was cut into frames. */
function perReceiver(frames: readonly Frame[]): string[][] {
  return [0, 1].map((receiver) => linesOf(frames.filter((frame) => frame.receiver === receiver)));
}
