import type { BidEvent, NexmarkEvent } from "../../../generators/nexmark/model.ts";
import type { Oracle, Value } from "../../query.ts";

const TOP = 10;

/** q19, top 10 bids of an auction: after each bid that enters, the row of every rank whose row changed, ascending by rank. */
export function q19Oracle(): Oracle<NexmarkEvent> {
  const topOfAuction = new Map<number, BidEvent[]>();
  return {
    onEvent(event, index, emit) {
      if (event.type !== "bid") return;
      const before = topOfAuction.get(event.bid.auction) ?? [];
      // Sorting is stable: of equals the earlier one stays first.
      const top = [...before, event.bid].sort((a, b) => b.price - a.price || a.dateTime - b.dateTime).slice(0, TOP);
      topOfAuction.set(event.bid.auction, top);
      for (const [rank, bid] of top.entries()) {
        const values = rowOf(bid, rank + 1);
        const held = before[rank];
        const same = held !== undefined && rowOf(held, rank + 1).every((value, i) => value === values[i]);
        if (!same) emit({ values, lastInput: index });
      }
    },
    onEnd() {},
  };
}

function rowOf({ auction, bidder, price, channel, url, dateTime, extra }: BidEvent, rank: number): Value[] {
  return [auction, bidder, price, channel ?? null, url ?? null, dateTime, extra, rank];
}
