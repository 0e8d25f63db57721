import {
  type BroadcastConnect,
  connectBroadcast,
  failedSchema,
  inlineTable,
  job,
  jsonEncoder,
  jsonSource,
  type LogicalGraph,
  sideOutput,
} from "../../engine/dataflow/api.ts";
import { RowSchema } from "../../engine/rows/schema.ts";
import { READINGS } from "./engine-example.ts";

const PLACES = inlineTable(
  new RowSchema([
    { name: "id", type: "i64" },
    { name: "place", type: "string" },
  ]),
  [
    [0, "roof"],
    [1, "cellar"],
    [2, "oven"],
  ],
);

const ADVICE = new RowSchema([
  { name: "place", type: "string" },
  { name: "advice", type: "string" },
]);

const COOLING = new RowSchema([
  { name: "celsius", type: "f64" },
  { name: "rounds", type: "i64" },
]);

export default function effects(): LogicalGraph {
  const graph = job("effects");
  const source = jsonSource({ format: READINGS, fields: ["sensor", "celsius", "at"] });
  const readings = graph.source("readings", { ...source, watermarkDelayMs: 0 });
  const limits = graph.source("limits", { ...source, watermarkDelayMs: 0 });
  const celsius = readings.schema.index("celsius");

  // Broadcast state: every instance sees all rows of the second stream.
  const hot = connectBroadcast(graph, "hot", readings, limits, readings.schema, () => aboveLimit(celsius));

  // A table that every instance holds; sensors without a place are left out.
  const on = [["sensor", "id"]] as const;
  const placed = hot.lookupJoin("places", PLACES, { on, select: { left: ["celsius"], right: ["place"] } });

  // A service is asked about each row, at most 10 at once; rows that no attempt succeeded for leave by a side output.
  const failed = sideOutput("failed", failedSchema(placed.schema));
  const options = { endpoint: "http://advice.test/", maxInFlight: 10, retries: 2, timeoutMs: 500, failed };
  const advice = placed.callOut("advice", ADVICE, options, () => ({
    request: (row) => new TextEncoder().encode(row.text(1) ?? ""),
    onResponse(row, response, out) {
      out.addRow(row.eventTimeMs);
      out.copy(0, row, 1);
      out.setText(1, new TextDecoder().decode(response));
    },
  }));
  advice.sink("adviceOut", jsonEncoder(ADVICE));
  advice.side(failed).sink("failedOut", jsonEncoder(failed.schema));

  // A loop: rows go round until they are cool.
  const cooled = placed
    .map("begin", COOLING, (row, out) => {
      out.setNumber(0, row.number(0));
      out.setNumber(1, 0);
    })
    .iterate("cooling", (rows) => {
      const warm = rows.filter("warm", (row) => row.number(0) > 20).rebalance();
      const cooler = warm.map("cool", COOLING, (row, out) => {
        out.setNumber(0, row.number(0) - 1);
        out.setNumber(1, row.number(1) + 1);
      });
      return { feedback: cooler, output: rows.filter("cold", (row) => row.number(0) <= 20) };
    });
  cooled.sink("cooledOut", jsonEncoder(COOLING));
  return graph.build();
}

/** Keeps the readings above the highest limit so far. Its state comes from the broadcast rows alone. */
function aboveLimit(celsius: number): BroadcastConnect {
  let limit = 30;
  return {
    onBroadcast(row) {
      limit = Math.max(limit, row.number(celsius));
    },
    onRow(row, out) {
      if (row.number(celsius) <= limit) return;
      out.addRow(row.eventTimeMs);
      for (let field = 0; field < 3; field++) out.copy(field, row, field);
    },
    snapshot: (writer) => writer.f64(limit),
    restore(reader) {
      limit = reader.f64();
    },
  };
}
