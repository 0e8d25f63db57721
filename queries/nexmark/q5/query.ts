import type { QueryDefinition } from "../../query.ts";
import { column } from "../columns.ts";
import { q5Oracle } from "./oracle.ts";
import { q5Trigger, q5TriggerText } from "./trigger.ts";

const WINDOW_END = 2;

export const q5: QueryDefinition = {
  id: "q5",
  title: "hot items",
  columns: [column.i64("auction"), column.i64("num")],
  identity: [column.timestamp("window_end")],
  output: { kind: "append" },
  nameColumns: ["auction", "window_end"],
  // An auction's windows are compared on different instances, so the order of its rows is not promised.
  orderKey: [],
  trigger: q5Trigger,
  triggerText: q5TriggerText,
  oracle: q5Oracle,
  // In-order data reach the watermark end − 1 with the first event of end − 1 + delay.
  liveEventTimeMs: (row, watermarkDelayMs) => Number(row[WINDOW_END]) - 1 + watermarkDelayMs,
  job: new URL("./job.ts", import.meta.url),
  undefinedOn: () => null,
};
