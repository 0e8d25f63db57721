import { readFileSync } from "node:fs";
import { z } from "zod";
import { FaultlineError } from "../../base/errors.ts";
import { WIRE_FORMATS } from "../../generators/dataset.ts";
import { dataSetSpecSchema } from "../../generators/feed/spec.ts";
import { scheduleSchema } from "../../generators/schedule/spec.ts";

/** The one argument of the observer process: a JSON file, or the JSON itself. */
const observerSpecSchema = z.strictObject({
  brokers: z.array(z.string().min(1)).min(1),
  topic: z.string().min(1),
  /** Partitions of the output topic; all are read from their beginning. */
  partitions: z.int().min(1).max(65_536),
  /** Id of the query whose rows are read. */
  query: z.string().min(1),
  /** How its rows are written. */
  format: z.enum(WIRE_FORMATS).default("json"),
  /** Append times in the log count from here. */
  startWallMs: z.int(),
  /**
   * As which readers the topic is read, each in a fetch session of its own; every observation carries its isolation level. The live
   * estimate and the engine's stamps are taken from the first.
   */
  isolations: z
    .array(z.enum(["uncommitted", "committed"]))
    .min(1)
    .max(2)
    .refine((list) => new Set(list).size === list.length, "each isolation level once")
    .default(["uncommitted"]),
  observationsFile: z.string().min(1),
  /** Where the engine's own stamps go, for queries whose rows tell them (`engine-latency-log.ts`); absent: nowhere. */
  engineLatencyFile: z.string().min(1).optional(),
  /**
   * Errors to plant (`verify/plant.ts`), by the same seed into what each reader sees, and where to say which were: `file` for the first
   * isolation level, beside it `<name>-<isolation>.json` for the other.
   */
  plant: z
    .strictObject({
      errors: z.string().min(1),
      seed: z.int().min(0),
      warmupMs: z.number().min(0),
      file: z.string().min(1),
    })
    .optional(),
  progressIntervalMs: z.int().min(10).max(3_600_000).default(1000),
  /** For the live estimate of the progress line; nothing measured comes of it. */
  live: z
    .strictObject({
      startUs: z.number().optional(),
      schedule: scheduleSchema,
      dataset: dataSetSpecSchema,
      watermarkDelayMs: z.number().min(0),
    })
    .optional(),
});

export type ObserverIsolation = ObserverSpec["isolations"][number];
export type ObserverSpecInput = z.input<typeof observerSpecSchema>;
export type ObserverSpec = z.output<typeof observerSpecSchema>;

/** Throws `usage`, `config-unreadable` or `config-invalid`. */
export function readObserverSpec(argument: string | undefined): ObserverSpec {
  if (argument === undefined) {
    throw new FaultlineError("usage", "the observer needs its spec", { hint: "node observer-main.ts SPEC.json" });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(argument.startsWith("{") ? argument : readFileSync(argument, "utf8"));
  } catch (cause) {
    throw new FaultlineError("config-unreadable", "cannot read the observer's spec", { cause });
  }
  const result = observerSpecSchema.safeParse(parsed);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new FaultlineError("config-invalid", `observer spec: ${problems.join("; ")}`);
}
