import { EVENT_TEXT as TEXT } from "../event-text.ts";
import { CITIES, FIRST_NAMES, LAST_NAMES, STATES } from "../vocabulary.ts";

/** What the kernel writes between the values, numbered as text.as numbers it. */
export const KERNEL_TEXTS: readonly string[] = [
  TEXT.wirePerson + TEXT.id,
  TEXT.name,
  TEXT.email,
  TEXT.card,
  TEXT.city,
  TEXT.state,
  TEXT.dateTimeAfterText,
  TEXT.end + TEXT.wirePersonEnd,
  TEXT.wireAuction + TEXT.id,
  TEXT.itemName,
  TEXT.description,
  TEXT.initialBid,
  TEXT.reserve,
  TEXT.dateTime,
  TEXT.expires,
  TEXT.seller,
  TEXT.category,
  TEXT.end + TEXT.wireAuctionEnd,
  TEXT.wireBid + TEXT.auction,
  TEXT.bidder,
  TEXT.price,
  TEXT.end + TEXT.wireBidEnd,
  TEXT.extra,
  ...FIRST_NAMES,
  ...LAST_NAMES,
  ...CITIES,
  ...STATES,
];
