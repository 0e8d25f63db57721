import type { QueryDefinition } from "../../query.ts";
import { column } from "../columns.ts";
import { q8Oracle } from "./oracle.ts";
import { q8Trigger, q8TriggerText } from "./trigger.ts";

const START = 2;
const WINDOW_MS = 10_000;

export const q8: QueryDefinition = {
  id: "q8",
  title: "new users who sell",
  columns: [column.i64("id"), column.text("name"), column.timestamp("stime")],
  identity: [],
  output: { kind: "append" },
  nameColumns: ["id", "stime"],
  // A person has one row.
  orderKey: [],
  trigger: q8Trigger,
  triggerText: q8TriggerText,
  oracle: q8Oracle,
  // In-order data reach the watermark end − 1 with the first event of end − 1 + delay.
  liveEventTimeMs: (row, watermarkDelayMs) => Number(row[START]) + WINDOW_MS - 1 + watermarkDelayMs,
  job: new URL("./job.ts", import.meta.url),
  undefinedOn: () => null,
};
