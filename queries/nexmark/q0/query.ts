import type { QueryDefinition } from "../../query.ts";
import { column } from "../columns.ts";
import { q0Oracle } from "./oracle.ts";
import { q0Trigger, q0TriggerText } from "./trigger.ts";

const DATE_TIME = 3;

export const q0: QueryDefinition = {
  id: "q0",
  title: "pass through",
  columns: [
    column.i64("auction"),
    column.i64("bidder"),
    column.i64("price"),
    column.timestamp("dateTime"),
    column.text("extra"),
  ],
  identity: [],
  output: { kind: "append" },
  nameColumns: ["auction", "bidder", "dateTime"],
  orderKey: ["auction"],
  trigger: q0Trigger,
  triggerText: q0TriggerText,
  oracle: q0Oracle,
  liveEventTimeMs: (row) => Number(row[DATE_TIME]),
  job: new URL("./job.ts", import.meta.url),
  undefinedOn: () => null,
};
