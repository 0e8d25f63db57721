import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { frameMessage, MessageAssembler } from "../../../engine/shell/message-assembler.ts";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

test("messages come out as they went in, however the stream is cut", () => {
  const messages = fc.array(fc.tuple(bytes(40), fc.option(fc.oneof(bytes(40), bytes(3000)))), { maxLength: 12 });
  const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(messages, cuts, (sent, sizes) => {
      const stream = Buffer.concat(sent.flatMap(([header, payload]) => frameMessage(header, payload)));
      const received: Uint8Array[] = [];
      const assembler = new MessageAssembler((message) => received.push(message));
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = sizes[i % sizes.length]!;
        assembler.push(new Uint8Array(stream.subarray(at, at + size)));
        at += size;
      }
      const expected = sent.map(([header, payload]) => Buffer.concat([header, payload ?? new Uint8Array(0)]));
      assert.deepEqual(
        received.map((message) => Buffer.from(message)),
        expected,
      );
      assert.equal(assembler.midMessage, false);
    }),
  );
});

test("a message inside one chunk is a view of it, not a copy", () => {
  const chunk = new Uint8Array(Buffer.concat([...frameMessage(Uint8Array.of(1, 2, 3), Uint8Array.of(4))]));
  const received: Uint8Array[] = [];
  new MessageAssembler((message) => received.push(message)).push(chunk);
  assert.equal(received[0]!.buffer, chunk.buffer);
});

test("a stream that breaks off inside a message is told apart from one that ends between two", () => {
  const assembler = new MessageAssembler(() => {});
  const [whole] = frameMessage(Uint8Array.of(1, 2, 3), null);
  assembler.push(whole!);
  assert.equal(assembler.midMessage, false);
  assembler.push(whole!.subarray(0, 2));
  assert.equal(assembler.midMessage, true);
  assembler.push(whole!.subarray(2, 5));
  assert.equal(assembler.midMessage, true);
});

test("a length that no process of ours would send is refused before memory is taken for it", () => {
  const assembler = new MessageAssembler(() => {});
  assert.throws(() => assembler.push(Buffer.from("GET / HTTP/1.1\r\n")), { code: "cluster-protocol" });
});
