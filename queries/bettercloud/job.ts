import {
  connectBroadcast,
  connectKeyed,
  job,
  jsonDocuments,
  jsonSource,
  type KeyedProcess,
  type LogicalGraph,
  nestedJsonEncoder,
} from "../../engine/dataflow/api.ts";
import { type Field, RowSchema } from "../../engine/rows/schema.ts";
import { GLOBAL_CUSTOMER } from "../../generators/bettercloud/model.ts";
import { SINK_ID } from "../job-ids.ts";
import { joinControlAndCustomer } from "./join-controls.ts";
import { joinGlobalControl } from "./join-global-control.ts";
import { betterCloudParameters } from "./parameters.ts";
import { qualifier } from "./qualifier.ts";
import { CUSTOMER_EVENT_WIRE, EVENT_FIELDS, isControl } from "./wire.ts";

const CUSTOMER_ID = 0;

/** Every operator has one instance but the qualifier, which has the job's parallelism. */
const ONE = 1;

/** BetterCloud: customer events joined with their customer's and the global controls, qualified by the controls' rules, counted. */
export default function betterCloudJob(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const { watermarkDelayMs, identity } = betterCloudParameters(parameters);
  const graph = job("bettercloud");
  const events = graph
    .source("events", {
      ...jsonSource({ format: CUSTOMER_EVENT_WIRE, fields: EVENT_FIELDS }),
      watermarkDelayMs,
      parallelism: ONE,
    })
    .withParallelism(ONE)
    .stampProcessingTime("receive", "receivedAt", true);
  const controls = graph
    .source("controls", {
      ...jsonDocuments({
        fields: [
          { name: "customerId", type: "string" },
          { name: "alertId", type: "string" },
          { name: "createdAt", type: "timestamp" },
        ],
        document: "control",
        eventTime: "createdAt",
        accepts: isControl,
      }),
      watermarkDelayMs,
      parallelism: ONE,
    })
    .withParallelism(ONE);
  const own = controls.filter("ofCustomers", (control) => control.text(CUSTOMER_ID) !== GLOBAL_CUSTOMER);
  const global = controls.filter("global", (control) => control.text(CUSTOMER_ID) === GLOBAL_CUSTOMER);

  const byCustomer = events.keyBy("customerId");
  const joined = new RowSchema([...events.schema.fields, { name: "controls", type: "string" }]);
  const results = connectKeyed(
    graph,
    "joinControlAndCustomer",
    byCustomer,
    own.keyBy("customerId"),
    joined,
    joinControlAndCustomer,
  )
    .union(connectBroadcast(graph, "joinGlobalControl", byCustomer, global, joined, joinGlobalControl))
    .rebalance()
    .withParallelism(null)
    .flatMap("qualifier", new RowSchema([{ name: "alertId", type: "string" }, ...RESULT]), qualifier())
    .withParallelism(ONE)
    .keyBy("event.customerId", "alertId")
    .process("counter", new RowSchema(RESULT), counter)
    .stampProcessingTime("sinkAt", "sinkAt");
  const written = identity ? RESULT : RESULT.filter(({ name }) => name !== "event.sequence");
  const rows = results.project(
    "columns",
    written.map(({ name }) => name),
  );
  rows.sink(SINK_ID, nestedJsonEncoder(rows.schema, ["controlEvent"]));
  return graph.build();
}

const RESULT: readonly Field[] = [
  { name: "event.customerId", type: "string" },
  { name: "event.payload", type: "string" },
  { name: "event.ingestedAt", type: "timestamp" },
  { name: "event.receivedAt", type: "decimal3" },
  { name: "event.sequence", type: "i64" },
  { name: "controlEvent", type: "string" },
  { name: "sinkAt", type: "decimal3" },
];

/** Counter: how often each alert of each customer has fired; every time is a result. The count stays in its state. */
function counter(): KeyedProcess {
  return {
    state: { width: 1 },
    onRow(row, context, out) {
      context.set(0, context.get(0) + 1);
      out.addRow(row.eventTimeMs);
      for (let field = 0; field < RESULT.length; field++) out.copy(field, row, field + 1);
    },
  };
}
