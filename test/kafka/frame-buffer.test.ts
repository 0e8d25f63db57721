import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FaultlineError } from "../../base/errors.ts";
import { FrameBuffer } from "../../kafka/frame-buffer.ts";

function frame(body: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** Feeds `stream` in pieces of at most the given sizes, in turn; the frames that came out. */
function feed(frames: FrameBuffer, stream: Buffer, sizes: readonly number[]): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const space = frames.space();
    assert.ok(space.length > 0);
    const length = Math.min(space.length, sizes[turn % sizes.length]!, stream.length - at);
    space.set(stream.subarray(at, at + length));
    frames.received(length, (buffer, start, end) => out.push(Buffer.from(buffer.subarray(start, end))));
    at += length;
  }
  return out;
}

test("frames come out whole and in order, however the stream is cut", () => {
  const bodies = fc.array(
    fc.integer({ min: 4, max: 200_000 }).map((length) => Buffer.alloc(length, length % 251)),
    { maxLength: 8 },
  );
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1000, max: 300_000 })), {
    minLength: 2,
    maxLength: 5,
  });
  fc.assert(
    fc.property(bodies, sizes, (expected, pieces) => {
      const atLeastOneLarge = [...pieces, 50_000];
      const out = feed(new FrameBuffer(1 << 20), Buffer.concat(expected.map(frame)), atLeastOneLarge);
      assert.equal(out.length, expected.length);
      assert.ok(out.every((body, i) => body.equals(expected[i]!)));
    }),
    { numRuns: 50 },
  );
});

test("sizes that cannot be are refused before memory is taken", () => {
  for (const size of [-1, 0, 3, 1025, 0x7fffffff]) {
    const header = Buffer.alloc(4);
    header.writeInt32BE(size);
    assert.throws(
      () => feed(new FrameBuffer(1024), header, [4]),
      (error: unknown) => error instanceof FaultlineError && error.code === "kafka-protocol",
    );
  }
});
