import type { QueryDefinition } from "../../query.ts";
import { column } from "../columns.ts";
import { q7Oracle } from "./oracle.ts";
import { q7Trigger, q7TriggerText } from "./trigger.ts";

const WINDOW_END = 5;

export const q7: QueryDefinition = {
  id: "q7",
  title: "highest bid",
  columns: [
    column.i64("auction"),
    column.i64("bidder"),
    column.i64("price"),
    column.timestamp("dateTime"),
    column.text("extra"),
  ],
  identity: [column.timestamp("window_end")],
  output: { kind: "append" },
  nameColumns: ["auction", "bidder", "dateTime", "window_end"],
  // Windows are compared on different instances, so no order is promised among them.
  orderKey: [],
  trigger: q7Trigger,
  triggerText: q7TriggerText,
  oracle: q7Oracle,
  // In-order data reach the watermark end − 1 with the first event of end − 1 + delay.
  liveEventTimeMs: (row, watermarkDelayMs) => Number(row[WINDOW_END]) - 1 + watermarkDelayMs,
  job: new URL("./job.ts", import.meta.url),
  undefinedOn: () => null,
};
