import {
  avg,
  count,
  countDistinct,
  job,
  jsonEncoder,
  jsonSource,
  type LogicalGraph,
  max,
  processingTime,
  sideOutput,
  tumbling,
} from "../../engine/dataflow/api.ts";
import { READINGS } from "./engine-example.ts";

export default function statistics(): LogicalGraph {
  const graph = job("statistics");
  const source = jsonSource({ format: READINGS, fields: ["sensor", "celsius", "at"] });
  const readings = graph.source("readings", { ...source, watermarkDelayMs: 0 });
  const celsius = readings.schema.index("celsius");
  const isHot = (row: { number(field: number): number }) => row.number(celsius) > 30;

  // Several aggregates of a window; rows that come too late are not lost, but leave by a side output.
  const late = sideOutput("late", readings.schema);
  const perMinute = readings
    .keyBy("sensor")
    .window("perMinute", tumbling(60_000), { late })
    .aggregate(count("readings"), count("hot", isHot), avg("celsius"), countDistinct("celsius", "temperatures"));
  perMinute.sink("perMinuteOut", jsonEncoder(perMinute.schema));
  perMinute.side(late).sink("lateOut", jsonEncoder(late.schema));

  // Per key over all rows so far: an upsert whenever a result changes.
  const records = readings.keyBy("sensor").aggregate("records", max("celsius", "highest"));
  records.sink("recordsOut", jsonEncoder(records.schema));

  // Each row with an aggregate over itself and the two rows of its sensor before it.
  const smooth = readings.keyBy("sensor").over("smooth", { preceding: 2, aggregates: [avg("celsius", "smooth")] });
  smooth.sink("smoothOut", jsonEncoder(smooth.schema));

  // Windows over the clock: how many readings came in each second, whatever their event time.
  const arrivals = readings
    .keyBy("sensor")
    .window("arrivals", processingTime(tumbling(1_000)))
    .aggregate(count());
  arrivals.sink("arrivalsOut", jsonEncoder(arrivals.schema));
  return graph.build();
}
