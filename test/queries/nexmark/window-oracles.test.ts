import assert from "node:assert/strict";
import { test } from "node:test";
import { findQuery } from "../../../queries/registry.ts";
import { auction, bid, person, rowsOf } from "./events.ts";

const oracleOf = (id: string) => findQuery(id).oracle();

test("q7: all bids of a window's highest price; a bid at the border belongs to the window that it starts, and to no other", () => {
  const rows = rowsOf(oracleOf("q7"), [
    bid({ auction: 1, price: 50, dateTime: 10_000, extra: "a" }),
    bid({ auction: 2, price: 60, dateTime: 19_999 }),
    bid({ auction: 3, price: 60, dateTime: 20_000 }), // ties with the window before, but is not in it
    bid({ auction: 1, price: 60, bidder: 9, dateTime: 10_001, extra: "late, but in its window" }),
    person(1, 10_002),
    bid({ auction: 4, price: 59, dateTime: 15_000 }),
  ]);
  assert.deepEqual(rows, [
    { values: [2, 7, 60, 19_999, "", 20_000], lastInput: 5, windowEndMs: 20_000 },
    { values: [1, 9, 60, 10_001, "late, but in its window", 20_000], lastInput: 5, windowEndMs: 20_000 },
    { values: [3, 7, 60, 20_000, "", 30_000], lastInput: 2, windowEndMs: 30_000 },
  ]);
});

test("q7: two equal bids are two rows", () => {
  const one = bid({ auction: 1, price: 5, dateTime: 1 });
  assert.equal(rowsOf(oracleOf("q7"), [one, one]).length, 2);
});

test("q8: one row a person, whichever came first, and none when person and auction are in neighbouring windows", () => {
  const rows = rowsOf(oracleOf("q8"), [
    auction({ id: 1, seller: 5, dateTime: 10_000 }),
    person(5, 19_999, { name: "first" }), // after her auction, last ms of its window
    auction({ id: 2, seller: 5, dateTime: 19_000 }),
    person(6, 20_000, { name: "second" }),
    auction({ id: 3, seller: 6, dateTime: 19_999 }), // 1 ms too early
    person(8, 29_999, { name: "third" }),
    auction({ id: 4, seller: 8, dateTime: 20_000 }),
    auction({ id: 5, seller: 8, dateTime: 30_000 }),
    bid({ auction: 6, bidder: 6, dateTime: 20_000 }),
  ]);
  assert.deepEqual(rows, [
    { values: [5, "first", 10_000], lastInput: 1, windowEndMs: 20_000 },
    { values: [8, "third", 20_000], lastInput: 6, windowEndMs: 30_000 },
  ]);
});

const sessionsOf = (...times: readonly number[]) =>
  rowsOf(
    oracleOf("q11"),
    times.map((dateTime) => bid({ auction: 1, bidder: 7, dateTime })),
  );

test("q11: bids 10,000 ms apart are one session, 10,001 ms apart two; a session ends 10 s after its last bid", () => {
  assert.deepEqual(sessionsOf(1_000, 11_000), [{ values: [7, 2, 1_000, 21_000], lastInput: 1, windowEndMs: 21_000 }]);
  assert.deepEqual(sessionsOf(1_000, 11_001), [
    { values: [7, 1, 1_000, 11_000], lastInput: 0, windowEndMs: 11_000 },
    { values: [7, 1, 11_001, 21_001], lastInput: 1, windowEndMs: 21_001 },
  ]);
});

test("q11: a bid that comes late joins two sessions, and others of that bidder stay apart", () => {
  assert.deepEqual(sessionsOf(0, 20_000, 40_001, 10_000), [
    { values: [7, 3, 0, 30_000], lastInput: 3, windowEndMs: 30_000 },
    { values: [7, 1, 40_001, 50_001], lastInput: 2, windowEndMs: 50_001 },
  ]);
  assert.equal(sessionsOf(0, 20_001, 10_000).length, 2); // 10,001 ms to the second one
});

test("q11: bidders do not share sessions", () => {
  const rows = rowsOf(oracleOf("q11"), [
    bid({ auction: 1, bidder: 1, dateTime: 0 }),
    bid({ auction: 1, bidder: 2, dateTime: 1 }),
    person(1, 2),
  ]);
  assert.deepEqual(
    rows.map((row) => row.values),
    [
      [1, 1, 0, 10_000],
      [2, 1, 1, 10_001],
    ],
  );
});
