import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { present } from "../../../base/assert.ts";
import { Random } from "../../../base/random.ts";
import { JsonDecoder, jsonSource } from "../../../engine/connectors/json/decoder.ts";
import { JsonEncoder } from "../../../engine/connectors/json/encoder.ts";
import { sharedKernel, WINDOW_BYTES } from "../../../engine/connectors/json/kernel/kernel.ts";
import { wireSchema } from "../../../engine/connectors/json/wire-format.ts";
import { SinkRowBuffer } from "../../../engine/connectors/sink-row-buffer.ts";
import type { ColumnBatch } from "../../../engine/rows/batch.ts";
import type { RowSchema } from "../../../engine/rows/schema.ts";
import { rowsWithSchema } from "../rows/arbitraries.ts";
import { batchOf, type PlainRow, rowsOf } from "../rows/rows.ts";
import { TEST_WIRE } from "./nexmark-wire.ts";
import { logRecords } from "./records.ts";

const kernel = present(sharedKernel(), "WebAssembly with SIMD");
const ROOT = new URL("../../../", import.meta.url);

/** Golden events as they lie in Kafka. */
const LINES = ["head", "classic"].flatMap((mode) => {
  const url = new URL(`test/golden/nexmark/${mode}-events-0-1999.jsonl`, ROOT);
  const events = readFileSync(url, "utf8").trimEnd().split("\n").slice(0, 400);
  return events.map((line) => {
    const { type, person = null, auction = null, bid = null } = JSON.parse(line) as Record<string, unknown>;
    const tag = ["person", "auction", "bid"].indexOf(String(type));
    return Buffer.from(JSON.stringify({ event_type: tag, person, auction, bid }));
  });
});

const MIXED = ["event_type", "person.id", "person.name", "auction.seller", "auction.extra", "bid.price", "bid.channel"];
const SHAPES = [
  { fields: ["bid.auction", "bid.price", "bid.url", "bid.extra", "bid.dateTime"], rows: ["bid"], size: 4096 },
  { fields: MIXED, rows: ["person", "auction", "bid", "closing"], size: 64 },
  { fields: ["auction.expires"], rows: ["auction"], size: 1 },
];

/** Everything that a decoder says of these records; `withKernel` false: in JavaScript alone. */
function decoded(values: readonly Uint8Array[], { fields, rows, size }: (typeof SHAPES)[number], withKernel: boolean) {
  const schema = wireSchema(TEST_WIRE, fields);
  const decoder = new JsonDecoder(TEST_WIRE, schema, new Set(rows), size, withKernel ? kernel : null);
  const got: PlainRow[] = [];
  const latestMs = decoder.decode(logRecords(values), (batch) => got.push(...rowsOf(batch)));
  return { got, latestMs, undecodable: decoder.undecodable, slowRecords: decoder.slowRecords };
}

/** Bytes that mean something in JSON, and some that must not be there. */
const BYTES = Buffer.from('{}[]":,\\/ue0123456789-+.truefalsn \t\n\u0000\u001f\u007fé', "utf8");

/** The value with up to three bytes changed, put in, taken out, or its end cut off. */
function damaged(value: Uint8Array, random: Random): Uint8Array {
  let bytes = [...value];
  for (let edits = 1 + random.below(3); edits > 0; edits--) {
    const at = random.below(bytes.length);
    const byte = BYTES[random.below(BYTES.length)]!;
    const kind = random.below(8);
    if (kind < 4) bytes[at] = byte;
    else if (kind < 6) bytes.splice(at, 0, byte);
    else if (kind < 7) bytes.splice(at, 1 + random.below(3));
    else bytes = bytes.slice(0, at + 1);
  }
  return Uint8Array.from(bytes);
}

test("40,000 records, three quarters of them damaged: the kernel and JavaScript agree on every row and on every record refused", () => {
  const random = new Random(20_261_121);
  let refused = 0;
  for (let round = 0; round < 50; round++) {
    const values = LINES.map((line) => (random.below(4) === 0 ? line : damaged(line, random)));
    const shape = SHAPES[round % SHAPES.length]!;
    const byKernel = decoded(values, shape, true);
    assert.deepEqual(byKernel, decoded(values, shape, false), `round ${round}`);
    refused += byKernel.undecodable;
  }
  assert.ok(refused > 10_000, `${refused} of 40,000 refused`);
});

test("every prefix of a record and every single changed byte of it are read as JavaScript reads them", () => {
  for (const line of [LINES[0]!, LINES[1]!, LINES[10]!]) {
    const prefixes = Array.from(line, (_, length) => line.subarray(0, length));
    const changed = Array.from(line, (byte, at) => {
      const copy = Uint8Array.from(line);
      copy[at] = byte ^ 1;
      return copy;
    });
    for (const shape of SHAPES) {
      assert.deepEqual(
        decoded([...prefixes, ...changed], shape, true),
        decoded([...prefixes, ...changed], shape, false),
      );
    }
  }
});

test("numbers and strings of every length, at every place, with escapes: as JavaScript reads them", () => {
  const values = Array.from({ length: 70 }, (_, length) => {
    const number = "9".repeat(1 + (length % 17));
    const text = `${"x".repeat(length)}${["", '\\"', "\\\\", "\\n", "\\u0041", "é", "\\/", "\\x"][length % 8]}${"y".repeat(length % 19)}`;
    const bid = `{"auction":${number},"bidder":${length},"price":-${length},"dateTime":${length},"extra":"${text}"}`;
    return Buffer.from(`{"event_type":2,"person":null,"auction":null,"bid":${bid.replace("-0", "0")}}`);
  });
  const shape = { fields: ["bid.auction", "bid.bidder", "bid.price", "bid.extra"], rows: ["bid"], size: 100 };
  const byKernel = decoded(values, shape, true);
  assert.deepEqual(byKernel, decoded(values, shape, false));
  assert.ok(byKernel.got.length > 40, "most of them are records");
});

test("a record larger than the kernel's memory is decoded all the same, between others", () => {
  const large = Buffer.from(LINES[20]!.toString().replace('"extra":"', `"extra":"${"z".repeat(WINDOW_BYTES)}`));
  const small = LINES[20]!;
  const shape = { fields: ["bid.price"], rows: ["bid"], size: 10 };
  const { got, undecodable } = decoded([small, large, small, large], shape, true);
  assert.equal(undecodable, 0);
  assert.equal(got.length, 4);
  assert.deepEqual(new Set(got.map(({ values }) => values[0])).size, 1);
});

/** Rows as a sink writes them. */
function written(schema: RowSchema, batch: ColumnBatch, withKernel: boolean): string[] {
  const lines: string[] = [];
  const encoder = new JsonEncoder(schema, withKernel ? kernel : null);
  new SinkRowBuffer(encoder).encode(batch, (bytes, start, end, row) => {
    lines.push(`${row} ${Buffer.from(bytes.subarray(start, end)).toString()}`);
  });
  return lines;
}

/** Every third row, with columns that lie outside the kernel's memory and other numbers. */
function thirdsElsewhere(batch: ColumnBatch): ColumnBatch {
  const { schema, eventTimes, kinds } = batch;
  const selection = batch.selection.filter((row) => row < batch.selectedCount && row % 3 === 1);
  const columns = batch.columns.map((column) => {
    if (column.kind === "string") return { ...column, bytes: column.bytes.slice() };
    return { ...column, values: column.values.map((value) => -value), nulls: column.nulls?.slice() ?? null };
  });
  return { schema, eventTimes, kinds, columns, selection, selectedCount: selection.length };
}

test("rows read by the kernel are written by it as JavaScript writes them, also some of them, also with columns from elsewhere", () => {
  for (const fields of [MIXED, ["bid.extra", "bid.auction", "bid.url"]]) {
    let rows = 0;
    let byKernel = 0;
    const { schema, decoder } = jsonSource({ format: TEST_WIRE, fields, rows: ["person", "auction", "bid"] });
    decoder(512).decode(logRecords(LINES), (batch) => {
      for (const one of [batch, thirdsElsewhere(batch), batchOf(schema, rowsOf(batch), 1)]) {
        byKernel += new JsonEncoder(schema, kernel).encodeRows(one, 0) === null ? 0 : 1;
        assert.deepEqual(written(schema, one, true), written(schema, one, false));
        rows += one.selectedCount;
      }
    });
    assert.ok(rows > 1000);
    assert.ok(byKernel >= (fields === MIXED ? 2 : 4), `the kernel wrote ${byKernel} batches`);
  }
});

test("integers and decimals of any size, signs and NULLs are written as JavaScript writes them", () => {
  fc.assert(
    fc.property(rowsWithSchema(30), ({ schema, rows }) => {
      const batch = batchOf(schema, rows, 1);
      assert.deepEqual(written(schema, batch, true), written(schema, batch, false));
    }),
    { numRuns: 300 },
  );
  const schema = wireSchema(TEST_WIRE, ["bid.price"]);
  const powers = Array.from({ length: 16 }, (_, digits) => [10 ** digits - 1, 10 ** digits, 10 ** digits + 1]).flat();
  const numbers = [...powers, Number.MAX_SAFE_INTEGER, 2 ** 32 - 1, 2 ** 32, 0];
  const values = [...numbers, ...numbers.map((value) => 0 - value)].filter(Number.isSafeInteger);
  const batch = batchOf(
    schema,
    values.map((value) => ({ eventTimeMs: 0, values: [value] })),
  );
  assert.notEqual(new JsonEncoder(schema, kernel).encodeRows(batch, 0), null, "the kernel writes them");
  assert.deepEqual(
    written(schema, batch, true).map((line) => line.split(" ")[1]),
    values.map((value) => JSON.stringify({ "bid.price": value })),
  );
});

test("a record larger than the kernel's window behind one without value is read as JavaScript reads it", () => {
  const [line] = LINES.filter((value) => value.includes('"event_type":2'));
  const large = Buffer.from(
    present(line, "bid")
      .toString()
      .replace('"url":"', `"url":"${"x".repeat(WINDOW_BYTES * 4)}`),
  );
  const { fields, rows } = SHAPES[0]!;
  const decoder = new JsonDecoder(TEST_WIRE, wireSchema(TEST_WIRE, fields), new Set(rows), 4096, kernel);
  let count = 0;
  decoder.decode(logRecords([null, large, present(line, "bid")]), (batch) => {
    count += batch.selectedCount;
  });
  assert.deepEqual([count, decoder.undecodable], [2, 1]);
});

test("the committed module is what its sources compile to", async () => {
  const script = fileURLToPath(new URL("scripts/kernel.ts", ROOT));
  await promisify(execFile)(process.execPath, [script, "--check", "engine/connectors/json/kernel"]);
});
