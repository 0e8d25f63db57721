import { END_OF_LIST, type KeyedContext, type KeyedProcess } from "../../../engine/dataflow/api.ts";
import { ROW_UPSERT } from "../../../engine/rows/batch.ts";
import type { RowCollector } from "../../../engine/rows/batch-builder.ts";
import type { Row } from "../../../engine/rows/row.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";

/** Field with the auction's id, in rows of both relations. */
export const KEY = "key";
/** Columns of auctions and bids but for that. */
export const AUCTION_COLUMNS: readonly string[] = [
  "itemName",
  "description",
  "initialBid",
  "reserve",
  "dateTime",
  "expires",
  "seller",
  "category",
  "extra",
];
export const BID_COLUMNS: readonly string[] = ["bidder", "price", "dateTime", "extra"];
/** Bid columns whose names auctions have, too. */
const RENAMED: Readonly<Record<string, string>> = { dateTime: "bid_dateTime", extra: "bid_extra" };

// Lists of rows: the auction (one row), and the bids that came before it.
const AUCTION = 0;
const EARLY = 1;
// Numbers of the state. The auction's are 0 until it has come, the winner's until there is one.
const KNOWN = 0;
const BEGINS = 1;
const EXPIRES = 2;
const WON = 3;
const PRICE = 4;
const BID_TIME = 5;
const BIDDER = 6;
const STATE_WIDTH = 7;

/** The columns of q9, from the stream of auctions and bids: `key`, then `auction.…` and `bid.…`, NULL in rows of the other relation. */
export function winningBidSchema(input: RowSchema): RowSchema {
  const typed = (relation: string, name: string) => input.fields[input.index(`${relation}.${name}`)]!.type;
  return new RowSchema([
    { name: "id", type: "i64" },
    ...AUCTION_COLUMNS.map((name) => ({ name, type: typed("auction", name) })),
    { name: "auction", type: "i64" },
    ...BID_COLUMNS.map((name) => ({ name: RENAMED[name] ?? name, type: typed("bid", name) })),
  ]);
}

/**
 * Per auction the best valid bid: highest price, then smallest dateTime, then lowest bidder, then the one that came first. Gives the row
 * of auction and bid whenever the winner changes. Bids that come before their auction wait for it, since only it says which are valid.
 */
export function winningBid(input: RowSchema): KeyedProcess {
  const fieldOf = (name: string) => input.index(name);
  const begins = fieldOf("auction.dateTime");
  const expires = fieldOf("auction.expires");
  const bid = { price: fieldOf("bid.price"), time: fieldOf("bid.dateTime"), bidder: fieldOf("bid.bidder") };
  const key = fieldOf(KEY);
  const auctionFields = [key, ...AUCTION_COLUMNS.map((name) => fieldOf(`auction.${name}`))];
  const bidFields = [key, ...BID_COLUMNS.map((name) => fieldOf(`bid.${name}`))];

  /** Makes the bid the winner if it is valid and the best so far. */
  function offer(row: Row, context: KeyedContext): boolean {
    const timeMs = row.number(bid.time);
    if (timeMs < context.get(BEGINS) || timeMs > context.get(EXPIRES)) return false;
    const price = row.number(bid.price);
    const bidder = row.number(bid.bidder);
    if (context.get(WON) === 1 && !beats(context, price, timeMs, bidder)) return false;
    context.set(WON, 1);
    context.set(PRICE, price);
    context.set(BID_TIME, timeMs);
    context.set(BIDDER, bidder);
    return true;
  }

  function emit(eventTimeMs: number, auction: Row, winner: Row, out: RowCollector): void {
    out.addRow(eventTimeMs, ROW_UPSERT);
    for (let i = 0; i < auctionFields.length; i++) out.copy(i, auction, auctionFields[i]!);
    for (let i = 0; i < bidFields.length; i++) out.copy(auctionFields.length + i, winner, bidFields[i]!);
  }

  function onAuction(row: Row, context: KeyedContext, out: RowCollector): void {
    if (context.get(KNOWN) === 1) return; // an auction comes once
    context.set(KNOWN, 1);
    context.set(BEGINS, row.number(begins));
    context.set(EXPIRES, row.number(expires));
    context.appendRow(AUCTION);
    let winner = END_OF_LIST;
    for (let at = context.firstRow(EARLY); at !== END_OF_LIST; at = context.nextRow(EARLY, at)) {
      if (offer(context.rowAt(EARLY, at), context)) winner = at;
    }
    if (winner !== END_OF_LIST) emit(row.eventTimeMs, row, context.rowAt(EARLY, winner), out);
    context.clearRows(EARLY);
  }

  function onBid(row: Row, context: KeyedContext, out: RowCollector): void {
    if (context.get(KNOWN) === 0) context.appendRow(EARLY);
    else if (offer(row, context)) emit(row.eventTimeMs, context.rowAt(AUCTION, context.firstRow(AUCTION)), row, out);
  }

  return {
    state: { width: STATE_WIDTH, lists: [input, input] },
    onRow(row, context, out) {
      if (!row.isNull(begins)) onAuction(row, context, out);
      else onBid(row, context, out);
    },
  };
}

/** Does a bid come before the winner? Of equals the one that came first stays. */
function beats(context: KeyedContext, price: number, timeMs: number, bidder: number): boolean {
  if (price !== context.get(PRICE)) return price > context.get(PRICE);
  if (timeMs !== context.get(BID_TIME)) return timeMs < context.get(BID_TIME);
  return bidder < context.get(BIDDER);
}
