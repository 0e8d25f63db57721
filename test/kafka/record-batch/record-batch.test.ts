import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FaultlineError } from "../../../base/errors.ts";
import { BatchView } from "../../../kafka/record-batch/decode.ts";
import { BatchBuilder } from "../../../kafka/record-batch/encode.ts";
import { encodeHeaders, readHeaders } from "../../../kafka/record-batch/headers.ts";
import { ATTRIBUTE, BATCH } from "../../../kafka/record-batch/layout.ts";

/** Three records as kafkajs 2.2.4 encodes them. */
const VECTOR =
  "0000000000000000000000b8ffffffff02bcd60ab70000000000020000018bcfe568000000018bcfe679700000000000000fa100030000004d" +
  "0000000316000000010a68656c6c6f00160009020100020274040102da0100e0c5080401c801" +
  "79".repeat(100) +
  "00";

const IDENTITY = { producerId: 4001, producerEpoch: 3, baseSequence: 77 };

function vectorBatch(): Buffer {
  const builder = new BatchBuilder();
  builder.append(1_700_000_000_000, Buffer.from("..hello"), 2, 7, null);
  builder.append(1_699_999_999_995, Buffer.alloc(0), 0, 0, encodeHeaders([{ key: "t", value: Buffer.from([1, 2]) }]));
  builder.append(1_700_000_070_000, Buffer.alloc(100, "y"), 0, 100, null);
  return builder.finish(IDENTITY);
}

const withCode = (code: string) => (error: unknown) => error instanceof FaultlineError && error.code === code;

test("a batch has, byte for byte, what another encoder writes", () => {
  assert.equal(vectorBatch().toString("hex"), VECTOR);
});

test("records are read back from the midst of a larger buffer", () => {
  const bytes = Buffer.concat([Buffer.alloc(13, 7), Buffer.from(VECTOR, "hex"), Buffer.alloc(5, 9)]);
  bytes.writeInt32BE(1000, 13 + 4); // base offset, as a broker assigns it: not covered by the checksum
  const view = new BatchView();
  assert.equal(view.load(bytes, 13, bytes.length, true), bytes.length - 5);
  assert.equal(view.nextOffset, 1003);
  const seen: unknown[] = [];
  const retained = view.retain();
  bytes.subarray(13).fill(0);
  for (const cursor = retained.walk(); cursor.next(); ) {
    const value = Buffer.from(retained.bytes.subarray(cursor.valueStart, cursor.valueEnd)).toString();
    const headers = readHeaders(retained.bytes, cursor.headersStart, cursor.headersEnd);
    seen.push([cursor.offset, cursor.timestampMs, cursor.keyStart, value, headers.map(({ key }) => key)]);
  }
  assert.deepEqual(seen, [
    [1000, 1_700_000_000_000, -1, "hello", []],
    [1001, 1_699_999_999_995, -1, "", ["t"]],
    [1002, 1_700_000_070_000, -1, "y".repeat(100), []],
  ]);
});

test("any records survive encoding and decoding, from any starting offset", () => {
  const record = fc.record({
    timestampMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
    value: fc.uint8Array({ maxLength: 300 }),
    header: fc.option(fc.uint8Array({ maxLength: 20 })),
  });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 200 }), fc.nat(220), (records, from) => {
      const builder = new BatchBuilder(Buffer.allocUnsafe(64));
      for (const { timestampMs, value, header } of records) {
        const headers = header === null ? null : encodeHeaders([{ key: "h", value: header }]);
        builder.append(timestampMs, value, 0, value.length, headers);
      }
      assert.equal(builder.length, builder.finish(IDENTITY).length);
      const view = new BatchView();
      view.load(builder.finish(IDENTITY), 0, builder.length, true);
      view.skipTo(from);
      let index = Math.min(from, records.length);
      assert.equal(view.recordCount, records.length - index);
      for (const cursor = view.walk(); cursor.next(); index++) {
        const { timestampMs, value, header } = records[index]!;
        assert.equal(cursor.offset, index);
        assert.equal(cursor.timestampMs, timestampMs);
        assert.deepEqual(new Uint8Array(view.bytes.subarray(cursor.valueStart, cursor.valueEnd)), value);
        const headers = readHeaders(view.bytes, cursor.headersStart, cursor.headersEnd);
        assert.deepEqual(
          headers.map(({ value }) => new Uint8Array(value ?? [])),
          header === null ? [] : [header],
        );
      }
      assert.equal(index, records.length);
    }),
    { numRuns: 60 },
  );
});

test("any changed byte behind the checksum is found", () => {
  const length = VECTOR.length / 2;
  fc.assert(
    fc.property(fc.integer({ min: BATCH.crc, max: length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = Buffer.from(VECTOR, "hex");
      bytes[at]! ^= change;
      assert.throws(() => new BatchView().load(bytes, 0, length, true), withCode("kafka-corrupt"));
    }),
  );
});

test("a batch that is not all there yields nothing; a nonsensical header is corrupt", () => {
  const bytes = Buffer.from(VECTOR, "hex");
  for (const limit of [0, 60, 61, bytes.length - 1]) assert.equal(new BatchView().load(bytes, 0, limit, true), -1);
  const oldFormat = Buffer.from(bytes);
  oldFormat[BATCH.magic] = 1;
  assert.throws(() => new BatchView().load(oldFormat, 0, bytes.length, true), withCode("kafka-corrupt"));
});

test("records that do not fit their batch are corrupt even where the checksum is right", () => {
  for (const at of [BATCH.records, BATCH.records + 4]) {
    const bytes = Buffer.from(VECTOR, "hex");
    bytes[at] = 0x7e;
    const view = new BatchView();
    view.load(bytes, 0, bytes.length, false);
    const cursor = view.walk();
    assert.throws(() => {
      while (cursor.next());
    }, withCode("kafka-corrupt"));
  }
});

test("compressed batches are refused by name", () => {
  const names = ["none", "gzip", "snappy", "lz4", "zstd"];
  for (const method of [1, 2, 3, 4]) {
    const bytes = Buffer.from(VECTOR, "hex");
    bytes.writeInt16BE(method, BATCH.attributes);
    assert.throws(
      () => new BatchView().load(bytes, 0, bytes.length, false),
      (error: unknown) => withCode("kafka-compressed")(error) && String(error).includes(names[method]!),
    );
  }
});

test("log append time replaces the times of all records", () => {
  const bytes = Buffer.from(VECTOR, "hex");
  bytes.writeInt16BE(ATTRIBUTE.logAppendTime, BATCH.attributes);
  const view = new BatchView();
  view.load(bytes, 0, bytes.length, false);
  for (const cursor = view.walk(); cursor.next(); ) assert.equal(cursor.timestampMs, 1_700_000_070_000);
});
