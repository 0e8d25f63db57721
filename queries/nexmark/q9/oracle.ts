import type { AuctionEvent, BidEvent, NexmarkEvent } from "../../../generators/nexmark/model.ts";
import type { ExpectedRow, Oracle } from "../../query.ts";

interface Known {
  auction: AuctionEvent | null;
  winner: BidEvent | null;
  /** Bids that came before the auction, in event order; empty from then on. */
  early: BidEvent[];
}

/** q9, winning bids: per auction the best of its valid bids, given again whenever it changes. */
export function q9Oracle(): Oracle<NexmarkEvent> {
  const auctions = new Map<number, Known>();
  const knownOf = (id: number): Known => {
    const known = auctions.get(id) ?? { auction: null, winner: null, early: [] };
    auctions.set(id, known);
    return known;
  };
  return {
    onEvent(event, index, emit) {
      if (event.type === "person") return;
      const known = knownOf(event.type === "bid" ? event.bid.auction : event.auction.id);
      const before = known.winner;
      if (event.type === "auction") {
        known.auction = event.auction;
        for (const bid of known.early) offer(known, bid);
        known.early = [];
      } else if (known.auction === null) known.early.push(event.bid);
      else offer(known, event.bid);
      if (known.winner !== before) emit(rowOf(known.auction!, known.winner!, index));
    },
    onEnd() {},
  };
}

/** The auction is known and `bid` is the next of its bids in event order. */
function offer(known: Known, bid: BidEvent): void {
  const { dateTime, expires } = known.auction!;
  if (bid.dateTime < dateTime || bid.dateTime > expires) return;
  if (known.winner === null || beats(bid, known.winner)) known.winner = bid;
}

/** Highest price, then smallest dateTime, then lowest bidder; of equals the earlier one stays. */
function beats(bid: BidEvent, winner: BidEvent): boolean {
  if (bid.price !== winner.price) return bid.price > winner.price;
  if (bid.dateTime !== winner.dateTime) return bid.dateTime < winner.dateTime;
  return bid.bidder < winner.bidder;
}

function rowOf(auction: AuctionEvent, bid: BidEvent, index: number): ExpectedRow {
  const { id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra } = auction;
  const ofAuction = [id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra];
  return { values: [...ofAuction, bid.auction, bid.bidder, bid.price, bid.dateTime, bid.extra], lastInput: index };
}
