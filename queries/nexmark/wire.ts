import type { WireField, WireFormat } from "../../engine/dataflow/api.ts";
import { EVENT_TYPE } from "../../generators/nexmark/model.ts";

const number = (name: string): WireField => ({ name, type: "i64" });
const time = (name: string): WireField => ({ name, type: "timestamp" });
const text = (name: string): WireField => ({ name, type: "string" });
/** Only in data of mode `head`. */
const headText = (name: string): WireField => ({ name, type: "string", optional: true });

/** The Kafka values of Nexmark, both modes: `event_type`, then `person`, `auction` and `bid`, of which one is not null. */
export const NEXMARK_WIRE = {
  discriminator: "event_type",
  members: ["person", "auction", "bid"],
  variants: [
    {
      name: "person",
      tag: EVENT_TYPE.person,
      member: "person",
      eventTime: "dateTime",
      fields: [
        number("id"),
        ...["name", "emailAddress", "creditCard", "city", "state"].map(text),
        time("dateTime"),
        text("extra"),
      ],
    },
    {
      name: "auction",
      tag: EVENT_TYPE.auction,
      member: "auction",
      eventTime: "dateTime",
      fields: [
        number("id"),
        ...["itemName", "description"].map(text),
        ...["initialBid", "reserve"].map(number),
        ...["dateTime", "expires"].map(time),
        ...["seller", "category"].map(number),
        text("extra"),
      ],
    },
    {
      name: "bid",
      tag: EVENT_TYPE.bid,
      member: "bid",
      eventTime: "dateTime",
      fields: [
        ...["auction", "bidder", "price"].map(number),
        ...["channel", "url"].map(headText),
        time("dateTime"),
        text("extra"),
      ],
    },
    // Ends every partition: moves the watermark past all windows and is no row of any relation.
    { name: "closing", tag: EVENT_TYPE.closing, member: "bid", eventTime: "dateTime", fields: [time("dateTime")] },
  ],
} as const satisfies WireFormat;
