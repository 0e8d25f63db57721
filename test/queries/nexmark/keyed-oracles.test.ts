import assert from "node:assert/strict";
import { test } from "node:test";
import type { BidEvent, NexmarkEvent } from "../../../generators/nexmark/model.ts";
import { findQuery } from "../../../queries/registry.ts";
import { auction, bid, person, rowsOf } from "./events.ts";

const oracleOf = (id: string) => findQuery(id).oracle();

test("q1: 0.908 × price is exact: no digit of the product of two doubles, no trailing zeros", () => {
  const priced = [100, 1000, 108, 125, 7, 0].map((price) => bid({ auction: 1, price, dateTime: 1 }));
  const rows = rowsOf(oracleOf("q1"), [person(1, 1), ...priced]);
  assert.deepEqual(
    rows.map(({ values, lastInput }) => [values[2], lastInput]),
    [
      [90.8, 1],
      [908, 2],
      [98.064, 3],
      [113.5, 4],
      [6.356, 5],
      [0, 6],
    ],
  );
  assert.notEqual(0.908 * 108, 98.064, "the case tells the wrong way from the right one");
});

test("q3: either order joins, charged to the later row; other categories and states do not", () => {
  const where = { name: "Jo", city: "Bend" };
  const rows = rowsOf(oracleOf("q3"), [
    auction({ id: 1, seller: 5, dateTime: 1 }),
    auction({ id: 2, seller: 5, category: 11, dateTime: 1 }),
    person(5, 1, { ...where, state: "OR" }),
    auction({ id: 3, seller: 5, dateTime: 99_999_999 }), // no time bound
    person(6, 1, { state: "or" }),
    auction({ id: 4, seller: 6, dateTime: 1 }),
    person(8, 1, { state: "WA" }),
    auction({ id: 5, seller: 8, dateTime: 1 }),
    person(9, 1, { state: "CA" }),
    auction({ id: 6, seller: 9, dateTime: 1 }),
    bid({ auction: 9, bidder: 9, dateTime: 1 }),
  ]);
  assert.deepEqual(rows, [
    { values: ["Jo", "Bend", "OR", 1], lastInput: 2 },
    { values: ["Jo", "Bend", "OR", 3], lastInput: 3 },
    { values: ["", "", "CA", 6], lastInput: 9 },
  ]);
});

/** Bidder and price of each update, and the event it is charged to. */
const winners = (events: readonly NexmarkEvent[]) =>
  rowsOf(oracleOf("q9"), events).map(({ values, lastInput }) => [values[0], values[11], values[12], lastInput]);

const one = (fields: Partial<BidEvent>) => bid({ auction: 1, dateTime: 1_500, ...fields });

test("q9: only a better bid updates: price, then smaller dateTime, then lower bidder, then the earlier event stays", () => {
  const updates = winners([
    auction({ id: 1, dateTime: 1_000, expires: 2_000 }),
    one({ bidder: 5, price: 10 }),
    one({ bidder: 4, price: 9 }),
    one({ bidder: 6, price: 10 }), // same price and time, higher bidder
    one({ bidder: 9, price: 10, dateTime: 1_499 }), // older
    one({ bidder: 3, price: 10, dateTime: 1_499 }), // lower bidder
    one({ bidder: 3, price: 10, dateTime: 1_499, extra: "same rank, later" }),
    one({ bidder: 99, price: 11, dateTime: 1_999 }),
  ]);
  assert.deepEqual(updates, [
    [1, 5, 10, 1],
    [1, 9, 10, 4],
    [1, 3, 10, 5],
    [1, 99, 11, 7],
  ]);
});

test("q9: a bid counts from the auction's first to its last millisecond, both included", () => {
  const at = (dateTime: number) =>
    winners([auction({ id: 1, dateTime: 1_000, expires: 2_000 }), one({ dateTime })]).length;
  assert.deepEqual([999, 1_000, 2_000, 2_001].map(at), [0, 1, 1, 0]);
});

test("q9: bids that come before their auction are kept, and give one update, charged to the auction", () => {
  const updates = winners([
    one({ bidder: 1, price: 10 }),
    one({ bidder: 2, price: 30, dateTime: 2_001 }), // too late once the auction is known
    one({ bidder: 3, price: 20 }),
    person(1, 1_000),
    auction({ id: 1, dateTime: 1_000, expires: 2_000 }),
    auction({ id: 2, dateTime: 1_000 }), // no bid, no row
    one({ bidder: 4, price: 19 }),
    one({ bidder: 5, price: 21 }),
  ]);
  assert.deepEqual(updates, [
    [1, 3, 20, 4],
    [1, 5, 21, 7],
  ]);
});

test("q9 rows hold the auction, then the bid", () => {
  const [row] = rowsOf(oracleOf("q9"), [
    auction({
      id: 1,
      itemName: "n",
      description: "d",
      initialBid: 3,
      reserve: 4,
      dateTime: 5,
      expires: 6,
      seller: 8,
      category: 9,
      extra: "x",
    }),
    bid({ auction: 1, bidder: 10, price: 11, dateTime: 6, extra: "y" }),
  ]);
  assert.deepEqual(row!.values, [1, "n", "d", 3, 4, 5, 6, 8, 9, "x", 1, 10, 11, 6, "y"]);
});

/** [event, rank, price, dateTime] of each update of auction 1. */
const ranks = (events: readonly NexmarkEvent[]) =>
  rowsOf(oracleOf("q19"), events).map(({ values, lastInput }) => [lastInput, values[7], values[2], values[5]]);

test("q19: a bid gives a row for its rank and each rank that it pushes down, ascending, and none below", () => {
  const updates = ranks([
    one({ price: 10 }),
    one({ price: 30 }),
    one({ price: 20 }),
    one({ price: 20, dateTime: 1_499 }), // older: before the other 20
    one({ price: 20, dateTime: 1_499, extra: "equal rank" }), // later event: after it
    bid({ auction: 2, price: 1, dateTime: 1 }),
  ]);
  assert.deepEqual(updates, [
    [0, 1, 10, 1_500],
    [1, 1, 30, 1_500],
    [1, 2, 10, 1_500],
    [2, 2, 20, 1_500],
    [2, 3, 10, 1_500],
    [3, 2, 20, 1_499],
    [3, 3, 20, 1_500],
    [3, 4, 10, 1_500],
    [4, 3, 20, 1_499],
    [4, 4, 20, 1_500],
    [4, 5, 10, 1_500],
    [5, 1, 1, 1],
  ]);
});

test("q19: the eleventh falls out, and what does not enter gives nothing", () => {
  const ten = Array.from({ length: 10 }, (_, i) => one({ price: 100 - i }));
  const updates = ranks([...ten, one({ price: 91 }), one({ price: 92 })]).slice(10);
  assert.deepEqual(updates, [[11, 10, 92, 1_500]]);
});

test("q19: a rank whose row stays equal gives nothing", () => {
  const twin = one({ price: 5 });
  assert.deepEqual(ranks([twin, twin, one({ price: 6 })]), [
    [0, 1, 5, 1_500],
    [1, 2, 5, 1_500],
    [2, 1, 6, 1_500],
    [2, 3, 5, 1_500], // rank 2 holds one of the twins as before
  ]);
});
