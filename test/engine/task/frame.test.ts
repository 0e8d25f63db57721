import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Element } from "../../../engine/task/element.ts";
import { elementOfFrame, frameParts } from "../../../engine/task/element-codec.ts";
import { decodeFrame, encodeFrameHeader, type Frame, NO_PAYLOAD } from "../../../engine/task/frame.ts";

const ADDRESS = { attempt: 3, edge: 1, sender: 2, receiver: 0, acknowledged: 0, grantedBytes: 0 };

function message(frame: Frame): Uint8Array {
  return Buffer.concat([encodeFrameHeader(frame), frame.payload]);
}

function frameOf(element: Element): Frame {
  const count = element.kind === "records" ? element.count : 1;
  return { ...ADDRESS, first: element.first, count, ...frameParts(element) };
}

const number = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const element: fc.Arbitrary<Element> = fc.oneof(
  fc.record({
    kind: fc.constant("records" as const),
    first: number,
    count: fc.integer({ min: 1, max: 1 << 30 }),
    skip: fc.constant(0),
    payload: fc.uint8Array({ minLength: 1 }),
  }),
  fc.record({ kind: fc.constant("watermark" as const), first: number, timeMs: fc.double({ noNaN: true }) }),
  fc.record({ kind: fc.constant("barrier" as const), first: number, checkpointId: fc.nat() }),
  fc.record({
    kind: fc.constant("heartbeat" as const),
    first: number,
    heartbeat: fc.nat(),
    watermarkMs: fc.double({ noNaN: true }),
    checkpointId: fc.option(fc.nat()),
  }),
  fc.record({ kind: fc.constant("end" as const), first: number }),
);

describe("frames", () => {
  it("carry every element unchanged", () => {
    fc.assert(
      fc.property(element, (sent) => {
        const received = decodeFrame(message(frameOf(sent)));
        const back = elementOfFrame(received);
        const plain = (element: Element) =>
          element.kind === "records" ? { ...element, payload: [...element.payload] } : { ...element };
        assert.deepEqual(plain(back), plain(sent));
        assert.deepEqual([received.attempt, received.edge, received.sender, received.receiver], [3, 1, 2, 0]);
      }),
    );
  });

  it("carry acknowledgement and credit alone", () => {
    const credit: Frame = {
      ...ADDRESS,
      kind: 0,
      first: 0,
      count: 0,
      acknowledged: 77,
      grantedBytes: 2 ** 40,
      payload: NO_PAYLOAD,
    };
    const received = decodeFrame(message(credit));
    assert.deepEqual([received.acknowledged, received.grantedBytes, received.count], [77, 2 ** 40, 0]);
  });

  it("are refused when they are not frames", () => {
    const good = message(frameOf({ kind: "watermark", first: 1, timeMs: 5 }));
    const changed = (at: number, value: number) => {
      const bytes = good.slice();
      bytes[at] = value;
      return bytes;
    };
    for (const bytes of [
      good.subarray(0, 20),
      changed(0, 1),
      changed(2, 9),
      changed(3, 42),
      changed(48, 7),
      changed(20, 2),
    ]) {
      assert.throws(() => decodeFrame(bytes), { code: "cluster-protocol" });
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.throws(() => decodeFrame(bytes), { code: "cluster-protocol" });
      }),
    );
  });

  it("cannot be made wrong", () => {
    const frame = frameOf({ kind: "end", first: 4 });
    for (const wrong of [{ first: 0 }, { count: 2 }, { first: -1 }, { attempt: 1.5 }, { acknowledged: Number.NaN }]) {
      assert.throws(() => encodeFrameHeader({ ...frame, ...wrong }), { code: "assertion-failed" });
    }
  });
});
