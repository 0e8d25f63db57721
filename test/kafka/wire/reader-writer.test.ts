import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FaultlineError } from "../../../base/errors.ts";
import { Reader } from "../../../kafka/wire/reader.ts";
import { Writer } from "../../../kafka/wire/writer.ts";

test("every type is read as it was written, through growth of the buffer", () => {
  const int64 = fc.maxSafeInteger();
  const entry = fc.tuple(int64, fc.integer({ min: -32768, max: 32767 }), fc.option(fc.string({ unit: "grapheme" })));
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const writer = new Writer(4).array(entries, (target, [large, small, text]) =>
        target
          .int64(large)
          .int16(small)
          .string(text)
          .boolean(text === null),
      );
      const reader = new Reader(writer.bytes(), 0, writer.length);
      const back = reader.array((item) => {
        const row = [item.int64(), item.int16(), item.nullableString()] as const;
        assert.equal(item.boolean(), row[2] === null);
        return row;
      });
      assert.deepEqual(
        back,
        entries.map(([large, small, text]) => [large === 0 ? 0 : large, small, text]),
      );
      assert.equal(reader.remaining, 0);
    }),
  );
});

test("64-bit fields are big-endian two's complement", () => {
  const hex = (value: number) => new Writer().int64(value).bytes().toString("hex");
  assert.equal(hex(-1), "ffffffffffffffff");
  assert.equal(hex(-2), "fffffffffffffffe");
  assert.equal(hex(4294967296), "0000000100000000");
  assert.equal(hex(1700000000000), "0000018bcfe56800");
  assert.equal(hex(-4294967297), "fffffffeffffffff");
});

test("reading beyond the end, and arrays larger than their answer, are protocol errors", () => {
  const isProtocol = (error: unknown) => error instanceof FaultlineError && error.code === "kafka-protocol";
  const reader = (hex: string) => new Reader(Buffer.from(hex, "hex"), 0, hex.length / 2);
  assert.throws(() => reader("000000").int32(), isProtocol);
  assert.throws(() => reader("0005616263").string(), isProtocol);
  assert.throws(() => reader("ffff").string(), isProtocol);
  assert.throws(() => reader("7fffffff00").array((item) => item.int8()), isProtocol);
  assert.deepEqual(
    reader("ffffffff").array((item) => item.int8()),
    [],
  );
});
