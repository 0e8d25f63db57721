import { job, jsonEncoder, jsonSource, type LogicalGraph, type WireFormat } from "../../../engine/dataflow/api.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";

/** Names in the job that the benchmark binds. */
export const SOURCE = "visits";
export const SINK = "profiles";

/** Numbers kept for each key: with the key itself about a hundred bytes. */
export const NUMBERS_PER_KEY = 12;

const VISITS: WireFormat = {
  discriminator: null,
  members: [],
  variants: [
    {
      name: "visit",
      tag: 0,
      member: null,
      eventTime: "at",
      fields: [
        { name: "user", type: "i64" },
        { name: "sentUs", type: "i64" },
        { name: "at", type: "timestamp" },
      ],
    },
  ],
};

const PROFILE = new RowSchema([
  { name: "sentUs", type: "i64" },
  { name: "user", type: "i64" },
  { name: "visits", type: "i64" },
]);

/** Updates the profile of a user, twelve numbers, with every visit, and tells of it at once: much state, an output an event. */
export default function profiles(): LogicalGraph {
  const graph = job("profiles");
  const source = jsonSource({ format: VISITS, fields: ["user", "sentUs"] });
  const visits = graph.source(SOURCE, { ...source, watermarkDelayMs: 0 });
  const updated = visits.keyBy("user").process("update", PROFILE, () => ({
    state: { width: NUMBERS_PER_KEY },
    onRow(row, context, out) {
      const count = context.get(0) + 1;
      context.set(0, count);
      for (let n = 1; n < NUMBERS_PER_KEY; n++) context.set(n, context.get(n) + row.number(1) / n);
      out.addRow(row.eventTimeMs);
      out.setNumber(0, row.number(1));
      out.setNumber(1, row.number(0));
      out.setNumber(2, count);
    },
  }));
  updated.sink(SINK, jsonEncoder(PROFILE));
  return graph.build();
}
