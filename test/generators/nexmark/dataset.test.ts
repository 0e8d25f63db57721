import assert from "node:assert/strict";
import { test } from "node:test";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import { type NexmarkOptionsInput, resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";

const VARIANTS: readonly NexmarkOptionsInput[] = [
  { mode: "head", events: 3000 },
  { mode: "classic", events: 3000 },
  { mode: "head", events: 2000, outOfOrderGroupSize: 7, firstEventId: 0, firstEventNumber: 0 },
  { mode: "classic", events: 2000, avgByteSizes: { person: 0, auction: 2000, bid: 33 } },
  { mode: "head", events: 2000, avgByteSizes: { person: 0, auction: 2000, bid: 33 } },
  { mode: "head", events: 1000, proportions: { person: 0, auction: 0, bid: 1 } },
  { mode: "classic", events: 1000, proportions: { person: 1, auction: 0, bid: 1 } },
  { mode: "head", events: 1000, eventRatePerSecond: 0.37, numEventGenerators: 5000, numInFlightAuctions: 5 },
];

function wireObject(event: NexmarkEvent): unknown {
  switch (event.type) {
    case "person":
      return { event_type: 0, person: event.person, auction: null, bid: null };
    case "auction":
      return { event_type: 1, person: null, auction: event.auction, bid: null };
    case "bid":
      return { event_type: 2, person: null, auction: null, bid: event.bid };
  }
}

for (const input of VARIANTS) {
  test(`object, line and wire value of an event agree: ${JSON.stringify(input)}`, () => {
    const cursor = new NexmarkDataSet({ options: resolveNexmarkOptions(input) }).open();
    const guard = 32;
    const target = new Uint8Array(2 * cursor.maxWireBytes + guard).fill(0xee);
    let events = 0;
    while (cursor.advance()) {
      const event = cursor.event();
      const wire = Buffer.from(target.subarray(7, cursor.writeWire(target, 7)));
      assert.ok(wire.length <= cursor.maxWireBytes);
      assert.ok(target[7 + cursor.maxWireBytes] === 0xee, "wrote past its room");
      assert.equal(wire.toString("latin1"), JSON.stringify(wireObject(event)));
      const line = Buffer.from(target.subarray(0, cursor.writeLine(target, 0))).toString("latin1");
      const { index, id, timestampMs, watermarkMs, type, ...rest } = event;
      const expected = { i: index, id, ts: timestampMs, wm: watermarkMs, type, ...rest };
      assert.equal(line, `${JSON.stringify(expected)}\n`);
      target.fill(0xee);
      assert.equal(cursor.eventTimeMs, timestampMs);
      assert.equal(cursor.index, events++);
    }
    assert.equal(events, input.events);
  });
}

for (const mode of ["classic", "head"] as const) {
  test(`${mode}: a cursor opened in the middle goes on as one from the start`, () => {
    const dataSet = new NexmarkDataSet({ options: resolveNexmarkOptions({ mode, events: 400 }) });
    const all: NexmarkEvent[] = [];
    for (const cursor = dataSet.open(); cursor.advance(); ) all.push(cursor.event());
    const rest: NexmarkEvent[] = [];
    for (const cursor = dataSet.open(250); cursor.advance(); ) rest.push(cursor.event());
    assert.deepEqual(rest, all.slice(250));
    assert.equal(dataSet.open(400).advance(), false);
  });
}

test("partition rules: by index, or by the auction that a bid is for", () => {
  const options = resolveNexmarkOptions({ events: 1000 });
  const roundRobin = new NexmarkDataSet({ options, partitions: 3 }).open();
  const byAuction = new NexmarkDataSet({ options, partitions: 3, partitionRule: "auction" }).open();
  while (roundRobin.advance()) {
    byAuction.advance();
    assert.equal(roundRobin.partition, roundRobin.index % 3);
    const event = byAuction.event();
    const key =
      event.type === "bid" ? event.bid.auction : event.type === "auction" ? event.auction.id : event.person.id;
    assert.equal(byAuction.partition, key % 3);
  }
  assert.throws(() => new NexmarkDataSet({ options, partitions: 0 }), /positive integer/);
});

test("the closing record is typed 3, has the time fields alone, and lies a day past every event and expiry", () => {
  for (const input of VARIANTS) {
    const dataSet = new NexmarkDataSet({ options: resolveNexmarkOptions(input) });
    const value = JSON.parse(Buffer.from(dataSet.closingRecord()).toString("utf8"));
    assert.deepEqual(value, { event_type: 3, person: null, auction: null, bid: { dateTime: dataSet.closingTimeMs } });
    let latest = 0;
    for (const cursor = dataSet.open(); cursor.advance(); ) {
      const event = cursor.event();
      latest = Math.max(latest, event.timestampMs, event.type === "auction" ? event.auction.expires : 0);
    }
    assert.ok(dataSet.closingTimeMs >= latest + 86_400_000);
  }
});
