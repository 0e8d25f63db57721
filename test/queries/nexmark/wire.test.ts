import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonDecoder } from "../../../engine/connectors/json/decoder.ts";
import { wireSchema } from "../../../engine/connectors/json/wire-format.ts";
import { SuppliedRecords } from "../../../engine/connectors/source-supplier.ts";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { NEXMARK_WIRE } from "../../../queries/nexmark/wire.ts";

/** Names of all columns that the description knows. */
const ALL = [
  ...new Set(NEXMARK_WIRE.variants.flatMap(({ member, fields }) => fields.map(({ name }) => `${member}.${name}`))),
];

function recordsOf(values: readonly Uint8Array[]): SuppliedRecords {
  const offsets = Int32Array.from([0, ...values.map((value) => value.length)]);
  for (let i = 1; i < offsets.length; i++) offsets[i]! += offsets[i - 1]!;
  return new SuppliedRecords(0, 0, { bytes: Buffer.concat(values), count: values.length, offsets });
}

function wireValues(mode: "classic" | "head", events: number): { dataSet: NexmarkDataSet; values: Uint8Array[] } {
  const dataSet = new NexmarkDataSet({ options: resolveNexmarkOptions({ mode, events }) });
  const cursor = dataSet.open();
  const values: Uint8Array[] = [];
  while (cursor.advance()) {
    const value = new Uint8Array(cursor.maxWireBytes);
    values.push(value.subarray(0, cursor.writeWire(value, 0)));
  }
  return { dataSet, values };
}

for (const mode of ["classic", "head"] as const) {
  test(`${mode}: every column of every event is what the event says, and no record takes the slow path`, () => {
    const { values } = wireValues(mode, 2_000);
    const schema = wireSchema(NEXMARK_WIRE, ALL);
    const decoder = new JsonDecoder(NEXMARK_WIRE, schema, new Set(["person", "auction", "bid"]), 4_096);
    const rows: unknown[] = [];
    decoder.decode(recordsOf(values), (batch) => {
      for (let i = 0; i < batch.selectedCount; i++) {
        const row = batch.selection[i]!;
        const cells = batch.columns.map((column, field): [string, unknown] => {
          const name = schema.fields[field]!.name;
          if (column.kind === "number") return [name, column.nulls?.[row] === 1 ? null : column.values[row]];
          const length = column.lengths[row]!;
          const start = column.offsets[row]!;
          if (length < 0) return [name, null];
          return [name, JSON.parse(`"${Buffer.from(column.bytes.subarray(start, start + length)).toString()}"`)];
        });
        rows.push(Object.fromEntries(cells));
      }
    });
    const expected = values.map((value) => {
      const event = JSON.parse(Buffer.from(value).toString());
      const cells = ALL.map((name) => {
        const [member, field] = name.split(".") as [string, string];
        return [name, event[member]?.[field] ?? null];
      });
      return Object.fromEntries(cells);
    });
    assert.deepEqual(rows, expected);
    assert.deepEqual([decoder.slowRecords, decoder.undecodable], [0, 0]);
  });
}

test("a closing record is no bid, but moves event time past everything, on the fast path too", () => {
  const { dataSet, values } = wireValues("head", 100);
  const decoder = new JsonDecoder(NEXMARK_WIRE, wireSchema(NEXMARK_WIRE, ["bid.auction"]), new Set(["bid"]), 10);
  let rows = 0;
  const latest = decoder.decode(recordsOf([...values, dataSet.closingRecord()]), (batch) => {
    rows += batch.selectedCount;
  });
  assert.equal(latest, dataSet.closingTimeMs);
  assert.equal(rows, 92);
  assert.deepEqual([decoder.slowRecords, decoder.undecodable], [0, 0]);
});
