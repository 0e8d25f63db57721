import assert from "node:assert/strict";
import { test } from "node:test";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import type { BidEvent } from "../../../generators/nexmark/model.ts";
import { type NexmarkOptionsInput, resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";

function bids(input: NexmarkOptionsInput): BidEvent[] {
  const cursor = new NexmarkDataSet({ options: resolveNexmarkOptions(input) }).open();
  const found: BidEvent[] = [];
  while (cursor.advance()) {
    const event = cursor.event();
    if (event.type === "bid") found.push(event.bid);
  }
  return found;
}

function counts(ids: readonly number[]): Map<number, number> {
  const found = new Map<number, number>();
  for (const id of ids) found.set(id, (found.get(id) ?? 0) + 1);
  return found;
}

/** The exponent under which the drawn ranks are likeliest: the root of the likelihood's derivative, by bisection. */
function likeliestExponent(ranks: readonly number[], keys: number): number {
  const meanLog = ranks.reduce((sum, rank) => sum + Math.log(rank + 1), 0) / ranks.length;
  const expectedLog = (exponent: number): number => {
    let weights = 0;
    let logs = 0;
    for (let rank = 1; rank <= keys; rank++) {
      weights += rank ** -exponent;
      logs += rank ** -exponent * Math.log(rank);
    }
    return logs / weights;
  };
  let [low, high] = [0, 5];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (expectedLog(middle) > meanLog) low = middle;
    else high = middle;
  }
  return low;
}

for (const mode of ["classic", "head"] as const) {
  // Mode head adds the first id twice to bidders.
  const firstBidder = mode === "head" ? 2000 : 1000;
  for (const [auctions, bidders] of [
    [0.8, 1.2],
    [1.5, 0.5],
  ] as const) {
    test(`${mode}: auctions follow Zipf's law of exponent ${auctions}, bidders of ${bidders}`, () => {
      const keys = 200;
      const drawn = bids({ mode, events: 40_000, skew: { auctions, bidders, keys } });
      const ranks = drawn.map(({ auction }) => auction - 1000);
      assert.ok(ranks.every((rank) => rank >= 0 && rank < keys));
      // Standard error of the estimate over 36,800 draws: below 0.01 for these exponents.
      assert.ok(Math.abs(likeliestExponent(ranks, keys) - auctions) < 0.04);
      const people = drawn.map(({ bidder }) => bidder - firstBidder);
      assert.ok(Math.abs(likeliestExponent(people, keys) - bidders) < 0.04);
    });
  }

  test(`${mode}: the hottest key lasts; one that is drawn by the hot rule moves on`, () => {
    const hottest = (part: readonly BidEvent[]) =>
      [...counts(part.map(({ auction }) => auction))].sort((a, b) => b[1] - a[1])[0]![0];
    const ends = (all: readonly BidEvent[]) => [all.slice(0, 4000), all.slice(-4000)].map(hottest);
    const skewed = ends(bids({ mode, events: 40_000, skew: { auctions: 1 } }));
    assert.deepEqual(skewed, [1000, 1000]);
    const moving = ends(bids({ mode, events: 40_000 }));
    assert.notEqual(moving[0], moving[1]);
  });

  test(`${mode}: without exponents the size of the sets changes nothing`, () => {
    assert.deepEqual(bids({ mode, events: 2000, skew: { keys: 7 } }), bids({ mode, events: 2000 }));
  });
}
