import type { WireFormat } from "../../../engine/connectors/json/wire-format.ts";
import type { FieldType } from "../../../engine/rows/schema.ts";

const fields = (type: FieldType, ...names: string[]) => names.map((name) => ({ name, type }));

/** Nexmark's records as these tests see them; jobs have their own description. */
export const TEST_WIRE: WireFormat = {
  discriminator: "event_type",
  members: ["person", "auction", "bid"],
  variants: [
    {
      name: "person",
      tag: 0,
      member: "person",
      fields: [
        ...fields("i64", "id"),
        ...fields("string", "name", "emailAddress", "creditCard", "city", "state"),
        ...fields("timestamp", "dateTime"),
        ...fields("string", "extra"),
      ],
      eventTime: "dateTime",
    },
    {
      name: "auction",
      tag: 1,
      member: "auction",
      fields: [
        ...fields("i64", "id"),
        ...fields("string", "itemName", "description"),
        ...fields("i64", "initialBid", "reserve"),
        ...fields("timestamp", "dateTime", "expires"),
        ...fields("i64", "seller", "category"),
        ...fields("string", "extra"),
      ],
      eventTime: "dateTime",
    },
    {
      name: "bid",
      tag: 2,
      member: "bid",
      fields: [
        ...fields("i64", "auction", "bidder", "price"),
        { name: "channel", type: "string", optional: true },
        { name: "url", type: "string", optional: true },
        ...fields("timestamp", "dateTime"),
        ...fields("string", "extra"),
      ],
      eventTime: "dateTime",
    },
    { name: "closing", tag: 3, member: "bid", fields: fields("timestamp", "dateTime"), eventTime: "dateTime" },
  ],
};
