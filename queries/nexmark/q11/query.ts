import type { QueryDefinition } from "../../query.ts";
import { column } from "../columns.ts";
import { q11Oracle } from "./oracle.ts";
import { q11Trigger, q11TriggerText } from "./trigger.ts";

const END_TIME = 3;

export const q11: QueryDefinition = {
  id: "q11",
  title: "user sessions",
  columns: [column.i64("bidder"), column.i64("bid_count"), column.timestamp("starttime"), column.timestamp("endtime")],
  identity: [],
  output: { kind: "append" },
  nameColumns: ["bidder", "starttime"],
  orderKey: ["bidder"],
  trigger: q11Trigger,
  triggerText: q11TriggerText,
  oracle: q11Oracle,
  // In-order data reach the watermark end − 1 with the first event of end − 1 + delay.
  liveEventTimeMs: (row, watermarkDelayMs) => Number(row[END_TIME]) - 1 + watermarkDelayMs,
  job: new URL("./job.ts", import.meta.url),
  undefinedOn: () => null,
};
