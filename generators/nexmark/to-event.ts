import { asciiText } from "./ascii.ts";
import type { EventDraw } from "./draw.ts";
import { type AuctionEvent, type BidEvent, EVENT_TYPE, type NexmarkEvent, type PersonEvent } from "./model.ts";
import { CITIES, FIRST_NAMES, LAST_NAMES, STATES } from "./vocabulary.ts";

/** The event that `draw` holds, as an object of its own; `index` is its index in the run. */
export function toEvent(draw: EventDraw, index: number): NexmarkEvent {
  const { id, timestampMs, watermarkMs } = draw;
  if (draw.type === EVENT_TYPE.person) {
    return { type: "person", index, id, timestampMs, watermarkMs, person: toPerson(draw) };
  }
  if (draw.type === EVENT_TYPE.auction) {
    return { type: "auction", index, id, timestampMs, watermarkMs, auction: toAuction(draw) };
  }
  return { type: "bid", index, id, timestampMs, watermarkMs, bid: toBid(draw) };
}

function toPerson(draw: EventDraw): PersonEvent {
  return {
    id: draw.key,
    name: `${FIRST_NAMES[draw.firstName]} ${LAST_NAMES[draw.lastName]}`,
    emailAddress: `${textOf(draw.emailUser)}@${textOf(draw.emailHost)}.com`,
    creditCard: Array.from(draw.card, (part) => String(part).padStart(4, "0")).join(" "),
    city: CITIES[draw.city]!,
    state: STATES[draw.state]!,
    dateTime: draw.timestampMs,
    extra: toExtra(draw),
  };
}

function toAuction(draw: EventDraw): AuctionEvent {
  return {
    id: draw.key,
    itemName: textOf(draw.itemName),
    description: textOf(draw.description),
    initialBid: draw.price,
    reserve: draw.reserve,
    dateTime: draw.timestampMs,
    expires: draw.expires,
    seller: draw.person,
    category: draw.category,
    extra: toExtra(draw),
  };
}

function toBid(draw: EventDraw): BidEvent {
  const row = draw.tables?.channels[draw.channelRow];
  return {
    auction: draw.key,
    bidder: draw.person,
    price: draw.price,
    ...(row === undefined ? {} : { channel: row.channel, url: row.url }),
    dateTime: draw.timestampMs,
    extra: toExtra(draw),
  };
}

function textOf(span: { readonly view: DataView; readonly start: number; readonly end: number }): string {
  return asciiText(span.view, span.start, span.end);
}

function toExtra(draw: EventDraw): string {
  return textOf(draw.extra).replaceAll("\\\\", "\\");
}
