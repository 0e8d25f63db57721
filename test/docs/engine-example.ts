import {
  count,
  job,
  jsonEncoder,
  jsonSource,
  type KeyedProcess,
  type LogicalGraph,
  tumbling,
  type WireFormat,
} from "../../engine/dataflow/api.ts";
import { RowSchema } from "../../engine/rows/schema.ts";

const MINUTE_MS = 60_000;

/** Records like {"sensor":7,"celsius":21.5,"at":1700000000000}; event time is `at`. */
export const READINGS: WireFormat = {
  discriminator: null,
  members: [],
  variants: [
    {
      name: "reading",
      tag: 0,
      member: null,
      eventTime: "at",
      fields: [
        { name: "sensor", type: "i64" },
        { name: "celsius", type: "f64" },
        { name: "at", type: "timestamp" },
      ],
    },
  ],
};

const PEAKS = new RowSchema([
  { name: "sensor", type: "i64" },
  { name: "minute", type: "timestamp" },
  { name: "celsius", type: "f64" },
]);

/** Per sensor and minute: how often it was hot, and its highest temperature. */
export default function sensors(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const limit = Number(parameters.limit);
  const graph = job("sensors");
  const source = jsonSource({ format: READINGS, fields: ["sensor", "celsius"] });
  const readings = graph.source("readings", { ...source, watermarkDelayMs: 2_000 });
  const celsius = readings.schema.index("celsius");

  const alarms = readings
    .filter("hot", (row) => row.number(celsius) > limit)
    .keyBy("sensor")
    .window("hotPerMinute", tumbling(MINUTE_MS))
    .aggregate(count("readings"));
  alarms.sink("alarms", jsonEncoder(alarms.schema));

  const minute = { name: "minute", type: "timestamp" } as const;
  const peaks = readings
    .compute("minutes", minute, (row) => Math.floor(row.eventTimeMs / MINUTE_MS) * MINUTE_MS)
    .keyBy("sensor", "minute")
    .process("peak", PEAKS, () => peak(celsius));
  peaks.sink("peaks", jsonEncoder(peaks.schema));
  return graph.build();
}

/** The same by hand: one number of state a key, and a timer at the end of the minute. */
function peak(celsius: number): KeyedProcess {
  return {
    state: { width: 1 },
    onRow(row, context) {
      const value = row.number(celsius);
      context.set(0, context.exists ? Math.max(context.get(0), value) : value);
      context.setTimer((Math.floor(row.eventTimeMs / MINUTE_MS) + 1) * MINUTE_MS - 1);
    },
    onTimer(timeMs, context, out) {
      out.addRow(timeMs);
      context.writeKey(out);
      out.setNumber(2, context.get(0));
      context.clear();
    },
  };
}
