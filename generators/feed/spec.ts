import { readFileSync } from "node:fs";
import { z } from "zod";
import { FaultlineError } from "../../base/errors.ts";
import { ControlEvents } from "../bettercloud/controls.ts";
import { CustomerEvents } from "../bettercloud/events.ts";
import { STREAMS } from "../bettercloud/model.ts";
import { betterCloudOptionsSchema, resolveBetterCloudOptions } from "../bettercloud/options.ts";
import { type DataSet, PARTITION_RULES, WIRE_FORMATS } from "../dataset.ts";
import { MicrobenchEvents } from "../microbench/events.ts";
import { microbenchOptionsSchema, resolveMicrobenchOptions } from "../microbench/options.ts";
import { NexmarkDataSet } from "../nexmark/dataset.ts";
import { nexmarkOptionsSchema, resolveNexmarkOptions } from "../nexmark/options.ts";
import { compileSchedule } from "../schedule/schedule.ts";
import { scheduleSchema } from "../schedule/spec.ts";

const partitionCount = z.int().min(1).max(10_000);

/** Which data set; every process that is given the same value sees the same events on the same partitions. */
export const dataSetSpecSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("nexmark"),
    options: nexmarkOptionsSchema,
    partitions: partitionCount,
    partitionRule: z.enum(PARTITION_RULES).default("roundRobin"),
    /** Of the wire values; absent: json. */
    format: z.enum(WIRE_FORMATS).optional(),
  }),
  z.strictObject({
    kind: z.literal("bettercloud"),
    stream: z.enum(STREAMS),
    options: betterCloudOptionsSchema,
    partitions: partitionCount,
    /** When the events of the stream `events` are due, which they tell; absent: at the options' rate. */
    dueSchedule: scheduleSchema.optional(),
  }),
  z.strictObject({
    kind: z.literal("microbench"),
    source: z.int().min(1).max(3),
    /** `events`: of this stream. */
    options: microbenchOptionsSchema,
    partitions: partitionCount,
    /** When its events are due, which they tell. */
    dueSchedule: scheduleSchema,
  }),
]);
export type DataSetSpec = z.input<typeof dataSetSpecSchema>;

const specSchema = z.strictObject({
  brokers: z.array(z.string().min(1)).min(1),
  topic: z.string().min(1),
  /** The partitions that this feeder sends. Several feeders of one run own disjoint sets. */
  partitions: z.array(z.int().min(0)).min(1),
  dataset: dataSetSpecSchema,
  schedule: scheduleSchema,
  /** Monotonic µs at which event 0 is due; absent: a line `{"start":µs}` on stdin tells. */
  startUs: z.int().optional(),
  /** The same moment on the wall clock, for CreateTime; absent: taken from the feeder's clocks. */
  startWallMs: z.int().optional(),
  /** Append a closing record to every owned partition after the last event. */
  closing: z.boolean().default(true),
  /** Where the interval histograms of generator lag go (HdrHistogram log). */
  lagFile: z.string().min(1),
  /** Where the send times go (feed/sent-log.ts); absent: nowhere. */
  sentFile: z.string().min(1).optional(),
  progressIntervalMs: z.int().min(10).max(3_600_000).default(1000),
  prerenderBytes: z
    .int()
    .min(65_536)
    .max(2 ** 31)
    .default(67_108_864),
  /** Least time between two looks at the schedule, µs. */
  tickUs: z.int().min(50).max(100_000).default(500),
  /** Of the producer; absent: its defaults. */
  producer: z
    .strictObject({
      lingerUs: z.int().min(0).optional(),
      maxInFlight: z.int().min(1).max(5).optional(),
      maxBatchBytes: z.int().min(1024).optional(),
      maxBufferedBytes: z.int().min(65_536).optional(),
    })
    .prefault({}),
});

/** The one argument of the feeder process, a JSON file. */
export const feederSpecSchema = specSchema.refine(
  ({ partitions, dataset }) =>
    new Set(partitions).size === partitions.length && partitions.every((partition) => partition < dataset.partitions),
  { error: "must be different partitions of the data set", path: ["partitions"] },
);

export type FeederSpecInput = z.input<typeof feederSpecSchema>;
export type FeederSpec = z.output<typeof feederSpecSchema>;

/** Opens the data set that a spec names. */
export function openDataSet(spec: DataSetSpec): DataSet<unknown> {
  switch (spec.kind) {
    case "nexmark":
      return new NexmarkDataSet({
        options: resolveNexmarkOptions(spec.options),
        partitions: spec.partitions,
        partitionRule: spec.partitionRule ?? "roundRobin",
        format: spec.format ?? "json",
      });
    case "bettercloud":
      return openBetterCloud(spec);
    case "microbench":
      return new MicrobenchEvents({
        options: resolveMicrobenchOptions(spec.options),
        source: spec.source,
        schedule: compileSchedule(spec.dueSchedule),
        partitions: spec.partitions,
      });
  }
}

function openBetterCloud(spec: Extract<DataSetSpec, { readonly kind: "bettercloud" }>): DataSet<unknown> {
  const { stream, partitions, dueSchedule } = spec;
  const options = resolveBetterCloudOptions(spec.options);
  if (stream === "controls") return new ControlEvents({ options, partitions });
  const schedule = dueSchedule === undefined ? {} : { schedule: compileSchedule(dueSchedule) };
  return new CustomerEvents({ options, partitions, ...schedule });
}

/** Reads and checks the spec file. */
export function readFeederSpec(path: string | undefined): FeederSpec {
  if (path === undefined) {
    throw new FaultlineError("usage", "the feeder needs the path of its spec file", { hint: "node main.ts SPEC.json" });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new FaultlineError("config-unreadable", `cannot read the feeder's spec ${path}: ${String(cause)}`, { cause });
  }
  const result = feederSpecSchema.safeParse(parsed);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new FaultlineError("config-invalid", `feeder spec: ${problems.join("; ")}`, { context: { path } });
  }
  return result.data;
}
