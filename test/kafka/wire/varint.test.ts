import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FaultlineError } from "../../../base/errors.ts";
import { VarintReader, varintLength, writeVarint } from "../../../kafka/wire/varint.ts";

const LIMIT = 2 ** 52 - 1;

function encode(value: number): Buffer {
  const bytes = Buffer.alloc(10, 0xee);
  return bytes.subarray(0, writeVarint(bytes, 0, value));
}

function readerOf(bytes: Uint8Array, end = bytes.length): VarintReader {
  const reader = new VarintReader(bytes);
  reader.end = end;
  return reader;
}

test("zigzag varints have the bytes of the protocol", () => {
  const vectors: [number, string][] = [
    [0, "00"],
    [-1, "01"],
    [1, "02"],
    [63, "7e"],
    [-64, "7f"],
    [64, "8001"],
    [300, "d804"],
    [-70000, "dfc508"],
    [2147483647, "feffffff0f"],
    [-2147483648, "ffffffff0f"],
    [2147483648, "8080808010"],
    [1700000000000, "80a0abfef962"],
  ];
  for (const [value, hex] of vectors) assert.equal(encode(value).toString("hex"), hex, String(value));
});

test("what is written is read back, with the announced length", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), (large, small) => {
      for (const value of [small, Math.trunc(large / 2)]) {
        if (Math.abs(value) > LIMIT) continue;
        const bytes = encode(value);
        assert.equal(bytes.length, varintLength(value));
        const reader = readerOf(bytes);
        assert.equal(reader.next(), value === 0 ? 0 : value);
        assert.equal(reader.position, bytes.length);
      }
    }),
    { examples: [[Number.MAX_SAFE_INTEGER, -1] as [number, number], [Number.MIN_SAFE_INTEGER, 0] as [number, number]] },
  );
});

test("a varint beyond its limit is corrupt, not a number", () => {
  const isCorrupt = (error: unknown) => error instanceof FaultlineError && error.code === "kafka-corrupt";
  assert.throws(() => readerOf(Buffer.from("8001", "hex"), 1).next(), isCorrupt);
  assert.throws(() => readerOf(Buffer.from("02", "hex"), 0).next(), isCorrupt);
  assert.throws(() => readerOf(Buffer.alloc(12, 0xff)).next(), isCorrupt);
});
