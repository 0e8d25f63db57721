import type { QueryDefinition } from "../../query.ts";
import { column } from "../columns.ts";
import { q19Oracle } from "./oracle.ts";
import { q19Trigger, q19TriggerText } from "./trigger.ts";

export const q19: QueryDefinition = {
  id: "q19",
  title: "top 10 bids of an auction",
  columns: [
    column.i64("auction"),
    column.i64("bidder"),
    column.i64("price"),
    column.text("channel"),
    column.text("url"),
    column.timestamp("dateTime"),
    column.text("extra"),
    column.i64("rank_number"),
  ],
  identity: [],
  output: { kind: "upsert", key: ["auction", "rank_number"], updatesFollow: "auction" },
  nameColumns: ["auction", "rank_number"],
  orderKey: ["auction"],
  trigger: q19Trigger,
  triggerText: q19TriggerText,
  oracle: q19Oracle,
  // A row that was pushed down a rank says nothing about the bid that did it.
  liveEventTimeMs: () => null,
  job: new URL("./job.ts", import.meta.url),
  undefinedOn: () => null,
};
