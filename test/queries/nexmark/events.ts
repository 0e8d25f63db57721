import type { AuctionEvent, BidEvent, NexmarkEvent, PersonEvent } from "../../../generators/nexmark/model.ts";
import type { ExpectedRow, Oracle } from "../../../queries/query.ts";

/** A bid event by hand; fields not given are constants. */
export function bid(fields: Partial<BidEvent> & { readonly auction: number; readonly dateTime: number }): NexmarkEvent {
  return {
    type: "bid",
    index: 0,
    id: 0,
    timestampMs: fields.dateTime,
    watermarkMs: fields.dateTime,
    bid: { bidder: 7, price: 100, extra: "", ...fields },
  };
}

/** A person whose id may look like an auction's: must never count as a bid. */
export function person(id: number, dateTime: number, fields: Partial<PersonEvent> = {}): NexmarkEvent {
  const text = { name: "", emailAddress: "", creditCard: "", city: "", state: "", extra: "" };
  return {
    type: "person",
    index: 0,
    id: 0,
    timestampMs: dateTime,
    watermarkMs: dateTime,
    person: { id, dateTime, ...text, ...fields },
  };
}

/** An auction by hand; it expires a minute after it began unless given. */
export function auction(
  fields: Partial<AuctionEvent> & { readonly id: number; readonly dateTime: number },
): NexmarkEvent {
  const text = { itemName: "", description: "", extra: "" };
  const numbers = { initialBid: 1, reserve: 2, expires: fields.dateTime + 60_000, seller: 7, category: 10 };
  return {
    type: "auction",
    index: 0,
    id: 0,
    timestampMs: fields.dateTime,
    watermarkMs: fields.dateTime,
    auction: { ...text, ...numbers, ...fields },
  };
}

/** All rows of the oracle over these events, end of input included. */
export function rowsOf(oracle: Oracle<NexmarkEvent>, events: readonly NexmarkEvent[]): ExpectedRow[] {
  const rows: ExpectedRow[] = [];
  const collect = (row: ExpectedRow) => rows.push(row);
  for (const [index, event] of events.entries()) oracle.onEvent(event, index, collect);
  oracle.onEnd(collect);
  return rows;
}
