import type { QueryDefinition } from "../../query.ts";
import { column } from "../columns.ts";
import { q9Oracle } from "./oracle.ts";
import { q9Trigger, q9TriggerText } from "./trigger.ts";

const BID_DATE_TIME = 13;

export const q9: QueryDefinition = {
  id: "q9",
  title: "winning bids",
  columns: [
    column.i64("id"),
    column.text("itemName"),
    column.text("description"),
    column.i64("initialBid"),
    column.i64("reserve"),
    column.timestamp("dateTime"),
    column.timestamp("expires"),
    column.i64("seller"),
    column.i64("category"),
    column.text("extra"),
    column.i64("auction"),
    column.i64("bidder"),
    column.i64("price"),
    column.timestamp("bid_dateTime"),
    column.text("bid_extra"),
  ],
  identity: [],
  output: { kind: "upsert", key: ["id"], updatesFollow: "auction" },
  nameColumns: ["id"],
  orderKey: ["id"],
  trigger: q9Trigger,
  triggerText: q9TriggerText,
  oracle: q9Oracle,
  // An update comes with the winning bid, but for the few bids that come before their auction.
  liveEventTimeMs: (row) => Number(row[BID_DATE_TIME]),
  job: new URL("./job.ts", import.meta.url),
  undefinedOn: () => null,
};
