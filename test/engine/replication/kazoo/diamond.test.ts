import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { KaZoo } from "../../../../engine/merge/kazoo.ts";
import { FRAME_RECORDS, type Frame, frameCost } from "../../../../engine/task/frame.ts";
import { InputGate } from "../../../../engine/task/input-gate.ts";

const PAYLOAD = Uint8Array.of(1, 2, 3, 4);
/** So many rows for the one side before any for the other. */
const MANY = 20;

afterEach(() => mock.restoreAll());

/**
 * A replica under KaZoo that reads what a leader before it has ordered: first the one row of channel 1, then those of channel 0. One instance
 * upstream feeds both, channel 0 first, and sends nothing more when one of them is full. Returns what is delivered before nothing moves any more.
 */
function deliver(): string[] {
  const merge = new KaZoo(2, { onArrived: () => {}, onBarrier: () => {}, snapshot: () => {}, restore: () => {} });
  merge.onOrder([1, 1, 0, MANY]);
  const windowBytes = frameCost(PAYLOAD.length);
  const gate = new InputGate({
    attempt: 1,
    subtask: 0,
    edges: [{ edge: 0, input: 0, instances: [0, 1], replicas: 1, feedback: false }],
    windowBytes,
    overflow: { memoryBytes: 1e6, diskBytes: 0, files: null },
    merge: () => merge,
    clock: null,
    counters: () => ({}),
    onReady: () => {},
    fail: (error) => assert.fail(String(error)),
  });
  const granted = [windowBytes, windowBytes];
  const sent = [0, 0];
  const toSend = [...Array.from({ length: MANY }, () => 0), 1];
  const delivered: string[] = [];
  for (let moves = true; moves; ) {
    moves = false;
    const channel = toSend[0];
    if (channel !== undefined && sent[channel]! * windowBytes < granted[channel]!) {
      const address = { attempt: 1, edge: 0, sender: channel, receiver: 0, acknowledged: 0, grantedBytes: 0 };
      const send = (credit: Frame) => {
        granted[channel] = credit.grantedBytes;
      };
      const frame = { ...address, kind: FRAME_RECORDS, first: ++sent[channel]!, count: 1, payload: PAYLOAD } as const;
      assert.ok(gate.onFrame(frame, { writable: true, send }));
      toSend.shift();
      moves = true;
    }
    const event = gate.next();
    if (event?.kind !== "element") continue;
    delivered.push(`${event.channel}:${event.element.first}`);
    gate.processed(event.channel, event.element);
    moves = true;
  }
  return delivered;
}

describe("a skewed diamond at a replica that follows an order log", () => {
  it("goes through: what is not ordered yet may exceed its window until what is has come", () => {
    const rows = Array.from({ length: MANY }, (_, index) => `0:${index + 1}`);
    assert.deepEqual(deliver(), ["1:1", ...rows]);
  });

  it("stops for ever when no channel may exceed its window", () => {
    mock.method(KaZoo.prototype, "mayExceed", () => false);
    assert.deepEqual(deliver(), []);
  });
});
