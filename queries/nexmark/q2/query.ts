import type { QueryDefinition } from "../../query.ts";
import { column } from "../columns.ts";
import { q2Oracle } from "./oracle.ts";
import { q2Trigger, q2TriggerText } from "./trigger.ts";

const DATE_TIME = 3;

export const q2: QueryDefinition = {
  id: "q2",
  title: "selection",
  columns: [column.i64("auction"), column.i64("price")],
  identity: [column.i64("bidder"), column.timestamp("dateTime")],
  output: { kind: "append" },
  nameColumns: ["auction", "bidder", "dateTime"],
  orderKey: ["auction"],
  trigger: q2Trigger,
  triggerText: q2TriggerText,
  oracle: q2Oracle,
  liveEventTimeMs: (row) => Number(row[DATE_TIME]),
  job: new URL("./job.ts", import.meta.url),
  undefinedOn: () => null,
};
