import assert from "node:assert/strict";
import { test } from "node:test";
import { schemaHash } from "../../../engine/connectors/binary/layout.ts";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { generateLines } from "../../../generators/nexmark/generate.ts";
import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { BINARY_SCHEMA_HASH } from "../../../generators/nexmark/render-binary.ts";
import { NEXMARK_WIRE } from "../../../queries/nexmark/wire.ts";
import { type Cell, eventBytes } from "../../engine/connectors-binary/write-event.ts";

function holderOf(event: NexmarkEvent): Readonly<Record<string, Cell>> {
  const holder = event.type === "person" ? event.person : event.type === "auction" ? event.auction : event.bid;
  return { ...holder };
}

const VARIANTS = { person: 0, auction: 1, bid: 2 } as const;

test("the generator and the queries mean the same schema", () => {
  assert.equal(BINARY_SCHEMA_HASH, schemaHash(NEXMARK_WIRE.variants));
  assert.equal(BINARY_SCHEMA_HASH, 0x0f1f);
});

for (const mode of ["classic", "head"] as const) {
  test(`${mode}: every event is written as the documented table says`, () => {
    const options = resolveNexmarkOptions({ mode, events: 3_000 });
    const cursor = new NexmarkDataSet({ options, format: "binary" }).open();
    const target = new Uint8Array(3 + cursor.maxWireBytes);
    while (cursor.advance()) {
      const event = cursor.event();
      const variant = NEXMARK_WIRE.variants[VARIANTS[event.type]];
      const holder = holderOf(event);
      const values = variant.fields.map(({ name }) => holder[name] ?? null);
      const end = cursor.writeWire(target, 3);
      const want = eventBytes(BINARY_SCHEMA_HASH, variant, values);
      assert.deepEqual(target.subarray(3, end), want, `event ${event.index}`);
    }
  });
}

test("golden bytes: the first classic bid and the closing record", () => {
  const options = resolveNexmarkOptions({ mode: "classic", events: 5 });
  const dataSet = new NexmarkDataSet({ options, format: "binary" });
  const cursor = dataSet.open(4);
  cursor.advance();
  const target = new Uint8Array(cursor.maxWireBytes);
  assert.equal(Buffer.from(target.subarray(0, cursor.writeWire(target, 0))).toString("hex"), GOLDEN_BID);
  const closing = Buffer.from(dataSet.closingRecord());
  assert.equal(closing.toString("hex"), GOLDEN_CLOSING);
  assert.equal(closing.readBigInt64LE(5), BigInt(dataSet.closingTimeMs));
});

// Head, flags (no channel, no url), auction 1000, bidder 1001, price, dateTime, ends of three strings, extra.
const GOLDEN_BID = [
  "f9021f0f18",
  "e803000000000000e903000000000000515ef0010000000000c4028f4e010000",
  "00000000000000004f000000",
  "666469797361565e5d4e4c5673626f6c767971776774696366647277647969796f667a69594d555c5c5a60556154514f5d5b4e585c5c524d5d575059544f75776f6776737a6c786a72634e4f4f524d",
].join("");
const GOLDEN_CLOSING = "f9031f0f004e2129944e010000";

test("on stdout every record is behind its length, across chunks", async () => {
  const options = resolveNexmarkOptions({ events: 2_000 });
  const chunks: Uint8Array[] = [];
  const written = await generateLines(options, { format: "binary", firstIndex: 7 }, (chunk) => {
    chunks.push(chunk);
    return true;
  });
  assert.ok(chunks.length > 2);
  const bytes = Buffer.concat(chunks);
  const cursor = new NexmarkDataSet({ options, format: "binary" }).open(7);
  const target = new Uint8Array(cursor.maxWireBytes);
  let at = 0;
  let count = 0;
  for (; at < bytes.length; count++) {
    const length = bytes.readUInt32LE(at);
    assert.ok(cursor.advance());
    const want = target.subarray(0, cursor.writeWire(target, 0));
    assert.deepEqual(new Uint8Array(bytes.subarray(at + 4, at + 4 + length)), want);
    at += 4 + length;
  }
  assert.deepEqual([at, count, written], [bytes.length, 1_993, 1_993]);
});

test("lines of bench generate do not depend on the wire format", () => {
  const options = resolveNexmarkOptions({ events: 20 });
  const lines = (["json", "binary"] as const).map((format) => {
    const cursor = new NexmarkDataSet({ options, format }).open();
    const target = new Uint8Array(4_096);
    const texts: string[] = [];
    while (cursor.advance()) {
      cursor.writeWire(target, 0);
      texts.push(Buffer.from(target.subarray(0, cursor.writeLine(target, 0))).toString());
    }
    return texts;
  });
  assert.deepEqual(lines[0], lines[1]);
});
