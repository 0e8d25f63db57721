import type { QueryDefinition } from "../../query.ts";
import { column } from "../columns.ts";
import { q1Oracle } from "./oracle.ts";
import { q1Trigger, q1TriggerText } from "./trigger.ts";

const DATE_TIME = 3;

export const q1: QueryDefinition = {
  id: "q1",
  title: "currency conversion",
  columns: [
    column.i64("auction"),
    column.i64("bidder"),
    column.decimal("price"),
    column.timestamp("dateTime"),
    column.text("extra"),
  ],
  identity: [],
  output: { kind: "append" },
  nameColumns: ["auction", "bidder", "dateTime"],
  orderKey: ["auction"],
  trigger: q1Trigger,
  triggerText: q1TriggerText,
  oracle: q1Oracle,
  liveEventTimeMs: (row) => Number(row[DATE_TIME]),
  job: new URL("./job.ts", import.meta.url),
  undefinedOn: () => null,
};
