import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KaZoo } from "../../../engine/merge/kazoo.ts";
import { LiveRobin } from "../../../engine/merge/live-robin.ts";
import type { Merge } from "../../../engine/merge/merge.ts";
import type { Element } from "../../../engine/task/element.ts";
import { frameParts } from "../../../engine/task/element-codec.ts";
import { FRAME_HEARTBEAT, type Frame, frameCost } from "../../../engine/task/frame.ts";
import { InputGate } from "../../../engine/task/input-gate.ts";
import { OutputChannel } from "../../../engine/task/output-channel.ts";
import { ManualScratch } from "./manual-scratch.ts";

const PAYLOAD = Uint8Array.of(1, 2, 3, 4);
const COST = frameCost(PAYLOAD.length);

function openChannel(replicas: number, maxLagBytes = 1_000_000) {
  const sent: Frame[][] = Array.from({ length: replicas }, () => []);
  const lagging: number[] = [];
  const receivers = sent.map((frames, subtask) => ({
    subtask,
    link: { writable: true, send: (frame: Frame) => void frames.push(frame) },
  }));
  const onLagging = (_edge: number, subtask: number) => lagging.push(subtask);
  const replication = { hasSiblings: true, maxLagBytes, onLagging };
  const channel = new OutputChannel({ attempt: 1, edge: 0, sender: 0 }, receivers, 100_000, replication);
  return { channel, sent, lagging };
}

describe("the sending end of a channel between replicas", () => {
  it("sends no element that all receivers have from a faster sibling", () => {
    const { channel, sent } = openChannel(2);
    channel.onCredit(0, 3, 0);
    channel.onCredit(1, 2, 0);
    for (let index = 0; index < 4; index++) channel.sealRecords(PAYLOAD, 1);
    assert.deepEqual(
      sent.map((frames) => frames.map(({ first }) => first)),
      [
        [3, 4],
        [3, 4],
      ],
    );
    assert.equal(channel.kept, 2);
  });

  it("keeps nothing for a receiver that is gone, and says when none is left", () => {
    const { channel } = openChannel(2);
    channel.sealRecords(PAYLOAD, 1);
    channel.onCredit(0, 1, 0);
    assert.equal(channel.settled, false);
    assert.equal(channel.dropReceiver(1), 1);
    assert.equal(channel.settled, true);
    assert.equal(channel.onCredit(1, 1, 0), false);
    assert.equal(channel.dropReceiver(0), 0);
  });

  it("reports a receiver once when it lags behind the fastest by more than it may, not when both are slow", () => {
    const { channel, lagging } = openChannel(2, 3 * COST);
    for (let index = 0; index < 10; index++) channel.sealRecords(PAYLOAD, 1);
    assert.deepEqual(lagging, []);
    channel.onCredit(1, 3, 0);
    channel.sealRecords(PAYLOAD, 1);
    assert.deepEqual(lagging, []);
    channel.onCredit(1, 9, 0);
    channel.sealRecords(PAYLOAD, 1);
    channel.sealRecords(PAYLOAD, 1);
    assert.deepEqual(lagging, [0]);
  });

  it("carries watermark and checkpoint on heartbeats", () => {
    const { channel, sent } = openChannel(1);
    channel.sealHeartbeat(7, 1234, 5);
    assert.deepEqual([sent[0]![0]!.kind, sent[0]![0]!.count], [FRAME_HEARTBEAT, 1]);
  });
});

const WINDOW = 2 * COST;

function openGate(
  senders: number,
  channels: number,
  memoryBytes = 1_000_000,
  scratch: ManualScratch | null = null,
  merge: (count: number) => Merge = (count) => new LiveRobin(count),
) {
  const told = new Map<number, number>();
  const gate = new InputGate({
    attempt: 1,
    subtask: 0,
    edges: [
      {
        edge: 0,
        input: 0,
        instances: Array.from({ length: channels }, (_, i) => i),
        replicas: senders,
        feedback: false,
      },
    ],
    windowBytes: WINDOW,
    overflow: { memoryBytes, diskBytes: 100 * COST, files: scratch },
    onReady: () => {},
    fail: (error) => assert.fail(String(error)),
    clock: null,
    counters: () => ({}),
    merge,
  });
  const next = Array.from({ length: senders * channels }, () => 1);
  const give = (sender: number, element: "row" | "end" | number) => {
    const first = next[sender]!++;
    const full: Element =
      element === "row"
        ? { kind: "records", first, count: 1, skip: 0, payload: PAYLOAD }
        : element === "end"
          ? { kind: "end", first }
          : { kind: "heartbeat", first, heartbeat: element, watermarkMs: 0, checkpointId: null };
    const { kind, payload } = frameParts(full);
    const address = { attempt: 1, edge: 0, sender, receiver: 0 };
    const frame = { ...address, kind, first, count: 1, acknowledged: 0, grantedBytes: 0, payload };
    const link = { writable: true, send: (credit: Frame) => void told.set(sender, credit.grantedBytes) };
    assert.ok(gate.onFrame(frame, link));
  };
  return { gate, give, told };
}

describe("the receiving end of a replicated job", () => {
  it("lets a channel exceed its window until it has the heartbeat that the merge waits for, then takes that back", () => {
    const { gate, give } = openGate(1, 2);
    // Channel 0 has the turn and sends nothing; channel 1 must get to its heartbeat.
    for (let count = 0; count < 20; count++) give(1, "row");
    give(1, 1);
    assert.throws(
      () => {
        for (let count = 0; count < 4; count++) give(1, "row");
      },
      { code: "cluster-protocol" },
    );
    assert.ok(gate.queuedBytes > 20 * COST);
    give(0, 1);
    give(0, 2);
    for (let event = gate.next(); event !== null; event = gate.next()) {
      if (event.kind === "element") gate.processed(event.channel, event.element);
    }
    assert.ok(gate.queuedBytes < 20 * COST);
  });

  it("fails, with what to do, when an epoch takes more than the limit beyond the windows", () => {
    const limit = 20 * COST;
    const { gate, give } = openGate(1, 2, limit);
    assert.throws(
      () => {
        for (let count = 0; count < 60; count++) give(1, "row");
      },
      { code: "epoch-too-large", message: new RegExp(`more than ${limit} bytes`), hint: /heartbeat/ },
    );
    const { exceededBytes = 0 } = gate.counters();
    assert.ok(exceededBytes > limit / 2 && exceededBytes <= limit, `${exceededBytes}`);
    assert.ok(gate.queuedBytes <= limit + WINDOW + 2 * COST);
  });

  it("puts more by in files, up to the limit of these, and takes it back in order", () => {
    const scratch = new ManualScratch();
    const { gate, give } = openGate(1, 2, 20 * COST, scratch);
    for (let count = 0; count < 60; count++) {
      give(1, "row");
      while (scratch.step());
    }
    const { spilledBytes = 0, spilledNowBytes = 0 } = gate.counters();
    assert.ok(spilledBytes > 30 * COST && spilledNowBytes >= spilledBytes, `${spilledBytes} of ${spilledNowBytes}`);
    assert.throws(
      () => {
        for (let count = 0; count < 100; count++) {
          give(1, "row");
          while (scratch.step());
        }
      },
      { code: "epoch-too-large", message: new RegExp(`more than ${120 * COST} bytes`), hint: /maxSpill/ },
    );
    gate.close();
    assert.equal(scratch.open, 0);
  });

  it("lets no channel go on beyond the heartbeat that the merge waits for, though it is in a file", () => {
    const scratch = new ManualScratch();
    const { give } = openGate(1, 2, 0, scratch);
    for (let count = 0; count < 20; count++) {
      give(1, "row");
      while (scratch.step());
    }
    give(1, 1);
    while (scratch.step());
    assert.throws(
      () => {
        for (let count = 0; count < 4; count++) give(1, "row");
      },
      { code: "cluster-protocol" },
    );
  });

  it("lets channels wait for a disk that takes nothing, until it does", () => {
    const scratch = new ManualScratch();
    const { gate, give, told } = openGate(1, 2, 0, scratch);
    assert.throws(
      () => {
        for (let count = 0; count < 200; count++) give(1, "row");
      },
      { code: "cluster-protocol" },
    );
    assert.ok(gate.queuedBytes < 60 * COST, `${gate.queuedBytes}`);
    const granted = told.get(1)!;
    while (scratch.step());
    assert.ok(told.get(1)! > granted);
  });

  it("does not take a channel whose file is being read for one that sends nothing", () => {
    const scratch = new ManualScratch();
    const { gate, give } = openGate(1, 2, 0, scratch, (count) => {
      const log = { onArrived: () => {}, onBarrier: () => {}, snapshot: () => {}, restore: () => {} };
      const merge = new KaZoo(count, log);
      merge.onOrder([0, 1, 1, 100, 0, 1]);
      return merge;
    });
    for (let count = 0; count < 20; count++) {
      give(1, "row");
      while (scratch.step());
    }
    give(0, "row");
    for (let event = gate.next(); event !== null; event = gate.next()) {
      if (event.kind === "element") gate.processed(event.channel, event.element);
    }
    assert.ok(scratch.waiting > 0, "what is next is in a file");
    assert.throws(
      () => {
        for (let count = 0; count < 4; count++) give(0, "row");
      },
      { code: "cluster-protocol" },
    );
  });

  it("lives on with one sender of a channel, and says when none is left, unless the channel has ended", () => {
    const { gate, give } = openGate(2, 2);
    assert.equal(gate.closeSender(0, 0), true);
    assert.equal(gate.closeSender(0, 0), true);
    assert.equal(gate.closeSender(0, 1), false);
    give(2, "row");
    give(2, "end");
    assert.equal(gate.closeSender(0, 2), true);
    assert.equal(gate.closeSender(0, 3), true);
    assert.equal(gate.closeSender(7, 0), true);
  });
});
