import type { QueryDefinition } from "../../query.ts";
import { column } from "../columns.ts";
import { q3Oracle } from "./oracle.ts";
import { q3Trigger, q3TriggerText } from "./trigger.ts";

export const q3: QueryDefinition = {
  id: "q3",
  title: "local item suggestion",
  columns: [column.text("name"), column.text("city"), column.text("state"), column.i64("id")],
  identity: [],
  output: { kind: "append" },
  nameColumns: ["id"],
  // The columns do not say who sells, and an auction has one row.
  orderKey: [],
  trigger: q3Trigger,
  triggerText: q3TriggerText,
  oracle: q3Oracle,
  // The row carries no time.
  liveEventTimeMs: () => null,
  job: new URL("./job.ts", import.meta.url),
  undefinedOn: () => null,
};
