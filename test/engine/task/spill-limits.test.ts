import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LiveRobin } from "../../../engine/merge/live-robin.ts";
import type { Element } from "../../../engine/task/element.ts";
import { frameParts } from "../../../engine/task/element-codec.ts";
import { type Frame, frameCost } from "../../../engine/task/frame.ts";
import { InputGate } from "../../../engine/task/input-gate.ts";
import { ManualScratch } from "./manual-scratch.ts";

const WINDOW_BYTES = 256;

/** A gate whose turn is channel 0's, which says nothing while the others send rows of their first epoch as credit allows. */
function openGate(channels: number, memoryBytes: number, diskBytes: number) {
  const scratch = new ManualScratch();
  const failures: unknown[] = [];
  const gate = new InputGate({
    attempt: 1,
    subtask: 0,
    edges: [{ edge: 0, input: 0, instances: Array.from({ length: channels }, (_, index) => index), replicas: 1 }],
    windowBytes: WINDOW_BYTES,
    overflow: { memoryBytes, diskBytes, files: scratch },
    clock: null,
    counters: () => ({}),
    merge: (count) => new LiveRobin(count),
    onReady: () => {},
    fail: (error) => failures.push(error),
  });
  const senders = Array.from({ length: channels }, () => ({ next: 1, sent: 0, granted: WINDOW_BYTES }));
  /** The channel's next element; false: it has no credit. */
  const send = (channel: number): boolean => {
    const sender = senders[channel]!;
    if (sender.sent >= sender.granted) return false;
    const element: Element = { kind: "records", first: sender.next, count: 1, skip: 0, payload: new Uint8Array(40) };
    const { kind, payload } = frameParts(element);
    sender.sent += frameCost(payload.length);
    const address = { attempt: 1, edge: 0, sender: channel, receiver: 0, acknowledged: 0, grantedBytes: 0 };
    const answer = (credit: Frame) => {
      sender.granted = credit.grantedBytes;
    };
    gate.onFrame({ ...address, kind, first: sender.next++, count: 1, payload }, { writable: true, send: answer });
    return true;
  };
  return { gate, scratch, failures, send };
}

describe("what an input gate puts by", () => {
  it("keeps no channel waiting for a disk that has nothing to do, however many channels there are", () => {
    const { gate, scratch, send } = openGate(33, 512 * 1024, 1e9);
    for (let round = 0; round < 1_000; round++) {
      for (let channel = 1; channel < 33; channel++) {
        while (!send(channel)) assert.ok(scratch.step(), `channel ${channel} stops for ever in round ${round}`);
      }
      assert.equal(gate.next(), null);
    }
  });

  it("fails the task, and not whoever told it that the disk has room, when that is too little", () => {
    const { scratch, failures, send } = openGate(3, 0, 8 * 1024);
    for (let step = 0; step < 1_000 && failures.length === 0; step++) {
      if (!send(1) && !send(2)) assert.ok(scratch.step());
    }
    assert.match(String(failures[0]), /takes more than 8192 bytes/);
  });
});
