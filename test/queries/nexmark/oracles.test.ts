import assert from "node:assert/strict";
import { test } from "node:test";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { findQuery, queryIds } from "../../../queries/registry.ts";
import { auction, bid, person, rowsOf } from "./events.ts";

const oracleOf = (id: string) => findQuery(id).oracle();

test("q0 gives every bid once, documented columns in order, and nothing for persons", () => {
  const first = bid({ auction: 5, bidder: 6, price: 77, dateTime: 1000, extra: 'a"b' });
  const rows = rowsOf(oracleOf("q0"), [first, person(5, 1000), first]);
  assert.deepEqual(rows, [
    { values: [5, 6, 77, 1000, 'a"b'], lastInput: 0 },
    { values: [5, 6, 77, 1000, 'a"b'], lastInput: 2 },
  ]);
});

test("q2 gives the bids on multiples of 123, and names them by bidder and time", () => {
  const rows = rowsOf(oracleOf("q2"), [
    bid({ auction: 122, dateTime: 1 }),
    bid({ auction: 123, bidder: 9, price: 5, dateTime: 2 }),
    person(123, 3),
    bid({ auction: 1230, bidder: 8, price: 6, dateTime: 4 }),
  ]);
  assert.deepEqual(rows, [
    { values: [123, 5, 9, 2], lastInput: 1 },
    { values: [1230, 6, 8, 4], lastInput: 3 },
  ]);
});

test("q5: one bid is the hottest of its five windows, those before it included, start inclusive, end exclusive", () => {
  const ends = (dateTime: number) =>
    rowsOf(oracleOf("q5"), [bid({ auction: 3, dateTime })]).map((row) => [row.windowEndMs, ...row.values]);
  const rowAt = (end: number) => [end, 3, 1, end];
  assert.deepEqual(ends(20_000), [22_000, 24_000, 26_000, 28_000, 30_000].map(rowAt));
  assert.deepEqual(ends(21_999), [22_000, 24_000, 26_000, 28_000, 30_000].map(rowAt));
  assert.deepEqual(ends(22_000), [24_000, 26_000, 28_000, 30_000, 32_000].map(rowAt));
});

test("q5: all ties, equal rows of different windows, and the last bid of a window even out of order", () => {
  const events = [
    bid({ auction: 1, dateTime: 11_000 }),
    bid({ auction: 2, dateTime: 13_500 }),
    person(2, 13_500),
    bid({ auction: 2, dateTime: 12_500 }),
  ];
  const rows = rowsOf(oracleOf("q5"), events).map((row) => [...row.values, row.lastInput]);
  assert.deepEqual(rows, [
    [1, 1, 12_000, 0], // [2 s, 12 s)
    [2, 2, 14_000, 3], // [4 s, 14 s)
    [2, 2, 16_000, 3],
    [2, 2, 18_000, 3],
    [2, 2, 20_000, 3],
    [2, 2, 22_000, 3], // [12 s, 22 s): auction 1 is out of it
  ]);
  const tied = rowsOf(oracleOf("q5"), events.slice(0, 2)).filter((row) => row.windowEndMs === 14_000);
  assert.deepEqual(
    tied.map((row) => row.values),
    [
      [1, 1, 14_000],
      [2, 1, 14_000],
    ],
  );
});

test("q5 counts every bid in exactly five windows", () => {
  const events: NexmarkEvent[] = [];
  const options = resolveNexmarkOptions({ events: 5_000, eventRatePerSecond: 200 });
  const cursor = new NexmarkDataSet({ options }).open();
  while (cursor.advance()) events.push(cursor.event());
  const bids = events.filter((event) => event.type === "bid").map((event) => event.bid);
  const rows = rowsOf(oracleOf("q5"), events);
  assert.ok(rows.length > 15, `${rows.length} rows`);
  for (const row of rows) {
    const [auction, num, end] = row.values as [number, number, number];
    const inside = bids.filter((one) => one.dateTime >= end - 10_000 && one.dateTime < end);
    assert.equal(inside.filter((one) => one.auction === auction).length, num);
    const counts = Map.groupBy(inside, (one) => one.auction);
    assert.equal(Math.max(...[...counts.values()].map((group) => group.length)), num);
  }
});

test("every definition names existing columns, and its oracle fills all of them", () => {
  // One of each, in one window and valid: every query gives a row.
  const events = [
    person(7, 50_000, { state: "OR" }),
    auction({ id: 123, seller: 7, category: 10, dateTime: 50_000 }),
    bid({ auction: 123, bidder: 7, dateTime: 50_000 }),
  ];
  for (const id of queryIds("nexmark")) {
    const query = findQuery(id);
    const names = [...query.columns, ...query.identity].map((one) => one.name);
    assert.equal(new Set(names).size, names.length, id);
    const keys = query.output.kind === "upsert" ? query.output.key : [];
    for (const name of [...query.nameColumns, ...query.orderKey, ...keys]) {
      assert.ok(names.includes(name), `${id}: ${name}`);
    }
    const rows = rowsOf(query.oracle(), events);
    assert.ok(rows.length > 0, id);
    for (const row of rows) {
      assert.equal(row.values.length, names.length, id);
      assert.equal(row.windowEndMs !== undefined, query.trigger.kind === "endOfWindow", id);
      const liveMs = query.liveEventTimeMs(row.values, 4_000);
      assert.ok(liveMs === null || liveMs >= 50_000, id);
    }
  }
});

test("an unknown query is refused with the one that was meant", () => {
  const ALL = queryIds().join(", ");
  const hintOf = (id: string) => {
    try {
      findQuery(id);
    } catch (error) {
      const { code, hint } = error as { code: string; hint: string };
      return `${code}: ${hint}`;
    }
    return "found";
  };
  assert.equal(hintOf("Q05"), `query-unknown: did you mean "q5"? The queries are ${ALL}.`);
  assert.match(hintOf("nexmark/q2"), /did you mean "q2"/);
  assert.match(hintOf("hot-items"), /did you mean "q5"/);
  assert.equal(hintOf("q99"), `query-unknown: The queries are ${ALL}.`);
});
