import { type BetterCloudEvent, STREAMS } from "../../generators/bettercloud/model.ts";
import type { ColumnSpec, ColumnType, QueryDefinition } from "../query.ts";
import { betterCloudOracle } from "./oracle.ts";
import { betterCloudTrigger, betterCloudTriggerText } from "./trigger.ts";

const column = (name: string, type: ColumnType): ColumnSpec => ({ name, type });

/** The result is nested JSON: `event.customerId` is member `customerId` of object `event`. */
export const bettercloud: QueryDefinition<BetterCloudEvent> = {
  id: "bettercloud",
  title: "document-sharing alerts",
  generator: "bettercloud",
  streams: STREAMS,
  columns: [
    column("event.customerId", "string"),
    column("event.payload", "string"),
    column("event.ingestedAt", "timestamp"),
    column("event.receivedAt", "decimal3"),
    column("controlEvent.rules", "json"),
    column("controlEvent.customerId", "string"),
    column("controlEvent.alertId", "string"),
    column("controlEvent.alertName", "string"),
    column("controlEvent.alertDescription", "string"),
    column("controlEvent.threshold", "i64"),
    column("controlEvent.bootstrapCustomerId", "string"),
    column("controlEvent.createdAt", "timestamp"),
    column("sinkAt", "decimal3"),
  ],
  identity: [column("event.sequence", "i64")],
  // Stamps of the engine's clock; and which of several global controls of one alert was the newest depends on the interleaving.
  volatile: ["event.receivedAt", "sinkAt", "controlEvent.createdAt"],
  engineLatency: { from: "event.receivedAt", to: "sinkAt" },
  output: { kind: "append" },
  // The control's customer tells whether the result came through the customer's own control or the global one.
  nameColumns: ["event.sequence", "controlEvent.alertId", "controlEvent.customerId"],
  // The qualifier's instances work side by side.
  orderKey: [],
  trigger: betterCloudTrigger,
  triggerText: betterCloudTriggerText,
  oracle: betterCloudOracle,
  liveEventTimeMs: (row) => Number(row[2]),
  job: new URL("./job.ts", import.meta.url),
  undefinedOn: () => null,
};
