import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonDocuments } from "../../../engine/connectors/json/document-decoder.ts";
import { nestedJsonEncoder } from "../../../engine/connectors/json/nested-encoder.ts";
import { SuppliedRecords } from "../../../engine/connectors/source-supplier.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { batchOf, type PlainRow, rowsOf } from "../rows/rows.ts";

const SCHEMA = new RowSchema([
  { name: "event.id", type: "string" },
  { name: "event.at", type: "decimal3" },
  { name: "rule", type: "string" },
  { name: "sink.count", type: "i64" },
  { name: "sink.note", type: "string" },
]);

function encoded(values: PlainRow["values"]): string {
  const encoder = nestedJsonEncoder(SCHEMA, ["rule"])();
  const batch = batchOf(SCHEMA, [{ eventTimeMs: 0, values }]);
  const bytes = new Uint8Array(encoder.maxBytes(batch, 0));
  return new TextDecoder().decode(bytes.subarray(0, encoder.encode(batch, 0, bytes, 0)));
}

test("fields with dots become nested objects, JSON texts become values", () => {
  assert.equal(
    encoded(['a\t"b"', 1_625_774_000_004_123, '{"path":"$.x","text":"é\\n"}', 3, null]),
    '{"event":{"id":"a\\t\\"b\\"","at":1625774000004.123},"rule":{"path":"$.x","text":"é\\n"},"sink":{"count":3,"note":null}}',
  );
  assert.equal(
    encoded([null, null, null, null, null]),
    '{"event":{"id":null,"at":null},"rule":null,"sink":{"count":null,"note":null}}',
  );
});

test("fields of one object that are not neighbours are refused, and JSON that is no string", () => {
  const scattered = new RowSchema([
    { name: "a.x", type: "i64" },
    { name: "b", type: "i64" },
    { name: "a.y", type: "i64" },
  ]);
  assert.throws(() => nestedJsonEncoder(scattered), { code: "job-invalid" });
  assert.throws(() => nestedJsonEncoder(SCHEMA, ["event.at"]), { code: "job-invalid" });
});

function records(values: readonly (string | Uint8Array)[]): SuppliedRecords {
  const parts = values.map((value) => Buffer.from(value));
  const offsets = Int32Array.from([
    0,
    ...parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, p) => sum + p.length, 0)),
  ]);
  return new SuppliedRecords(0, 0, { bytes: Buffer.concat(parts), count: values.length, offsets });
}

test("documents are carried whole; what is no document of the kind is counted and left out", () => {
  const { schema, decoder } = jsonDocuments({
    fields: [
      { name: "id", type: "string" },
      { name: "at", type: "timestamp" },
    ],
    document: "text",
    eventTime: "at",
    accepts: ({ rules }) => Array.isArray(rules),
  });
  const decoding = decoder(2);
  const rows: PlainRow[] = [];
  const batches: number[] = [];
  const good = [5, 9, 7].map((at) => ` {"at": ${at}, "id":"n${at}", "rules":[{"x":"é"}] }`);
  const bad = [
    "",
    "[]",
    "null",
    "{",
    '{"id":"a","at":1}',
    '{"id":1,"at":1,"rules":[]}',
    '{"id":"a","at":"1","rules":[]}',
  ];
  const latestMs = decoding.decode(records([good[0]!, ...bad, good[1]!, Uint8Array.of(0xff), good[2]!]), (batch) => {
    batches.push(batch.selectedCount);
    rows.push(...rowsOf(batch));
  });
  assert.equal(latestMs, 9);
  assert.equal(decoding.undecodable, bad.length + 1);
  assert.deepEqual(batches, [2, 1]);
  assert.deepEqual(
    rows.map(({ eventTimeMs, values }) => [eventTimeMs, ...values]),
    [5, 9, 7].map((at) => [at, `n${at}`, at, `{"at":${at},"id":"n${at}","rules":[{"x":"é"}]}`]),
  );
  assert.equal(schema.fields.at(-1)!.name, "text");
});
