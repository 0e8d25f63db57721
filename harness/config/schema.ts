import { z } from "zod";
import { betterCloudOptionsSchema } from "../../generators/bettercloud/options.ts";
import { WIRE_FORMATS } from "../../generators/dataset.ts";
import { MAX_EVENTS, nexmarkOptionsSchema } from "../../generators/nexmark/options.ts";
import { GENERATORS } from "../../queries/query.ts";
import { faultSchema, sloSchema } from "../faults/schema.ts";
import { ZONE_NAME, ZONE_NAME_HINT } from "../faults/zone-target.ts";
import { commandSystemSchema } from "../systems/command/settings.ts";
import { canary } from "./canary.ts";
import { capacity } from "./capacity.ts";
import { checkpoints, guarantee, recovery, replication, restart } from "./fault-tolerance.ts";
import { duration, plantedErrors, rate, size, wholeNumber } from "./fields.ts";
import { impliedShape, loadSchema } from "./load-shapes.ts";
import { microbench } from "./microbench.ts";
import { sampling } from "./sampling.ts";
import { thresholds } from "./thresholds.ts";

/**
 * The one schema of a config: types, defaults, validation, and the text of every setting. In the resolved config durations are
 * milliseconds, rates events per second, sizes bytes; keys stay as written, so that paths mean the same everywhere.
 */
const data = z
  .strictObject({
    generator: z
      .enum(GENERATORS)
      .default("nexmark")
      .describe("Which events: nexmark, bettercloud or microbench; the query decides."),
    nexmark: nexmarkOptionsSchema
      .omit({ events: true, split: true })
      .prefault({})
      .describe("Options of the Nexmark generator. They decide the data; `load` decides the pacing."),
    bettercloud: betterCloudOptionsSchema
      .omit({ events: true, controls: true, consumerRate: true })
      .extend({ controlRate: rate().prefault("5/s").describe("Control events per second, unless they are preloaded.") })
      .prefault({})
      .describe("Options of the BetterCloud generator; `load` decides the pacing of its customer events."),
    events: wholeNumber(1, MAX_EVENTS)
      .optional()
      .describe("Fixed number of events. Default: as many as `load` makes due over its duration."),
    partitions: wholeNumber(1, 1024).default(4).describe("Partitions of the input topic."),
    partitionRule: z
      .enum(["roundRobin", "auction"])
      .default("roundRobin")
      .describe("Which partition an event goes to: by its index, or by its auction id."),
    format: z
      .enum(WIRE_FORMATS)
      .default("json")
      .describe('How events and output rows are written: json, or binary (Nexmark only; docs/queries.md, "Formats").'),
    watermarkDelay: duration()
      .prefault("4s")
      .describe("Bounded disorder: a partition's watermark is its latest event time less this."),
  })
  .prefault({})
  .describe("The data set. It is fixed by these settings alone and can be sent at any rate.");

const load = z
  .preprocess(impliedShape, loadSchema)
  .prefault({})
  .describe("Open-loop schedule: when each event is due, whatever the system under test does.");

const engine = z
  .strictObject({
    workers: wholeNumber(1, 64).default(2).describe("Worker processes of the bundled engine."),
    spareWorkers: wholeNumber(0, 64)
      .default(0)
      .describe("Further worker processes that stand ready to take the place of lost ones."),
    zones: z
      .array(z.string().regex(ZONE_NAME, ZONE_NAME_HINT))
      .max(64)
      .default([])
      .describe(
        "Zones that workers are said to be in, as hosts or racks, taken in turn: of [a, b] worker 1 is in a, worker 2 in b, worker 3 in a. No two replicas of a group share one; faults can be aimed at zone:a, and at zone:a<->zone:b. Default: none.",
      ),
    keyGroups: wholeNumber(1, 32_768)
      .default(128)
      .describe("Units in which keyed state is divided; at least `parallelism`."),
    bufferTimeout: duration(0, 60_000)
      .prefault("0s")
      .describe(
        "Longest wait of a record for others in an output buffer; 0s: records leave with those made at the same moment.",
      ),
    watermarkInterval: duration(0, 60_000)
      .prefault("0s")
      .describe(
        "Least time between two watermarks of a source: the longest that one waits; 0s: they leave with the rows that advance them.",
      ),
    watermarkAlignment: duration(0, 86_400_000)
      .prefault("0s")
      .describe("Lead in event time beyond which a source does not read a partition for a while; 0s: none is held."),
    fetchRest: duration(0, 1_000)
      .prefault("0s")
      .describe(
        "Rest of a source between an answer of the broker and its next fetch, unless more is waiting: 1ms or 2ms save CPU at moderate rates and cost half of it or more in latency.",
      ),
    liveness: z
      .strictObject({
        interval: duration(1, 60_000).prefault("200ms").describe("Distance of a worker's liveness messages."),
        timeout: duration(2, 600_000).prefault("1s").describe("Silence after which a worker counts as dead."),
      })
      .prefault({})
      .describe("How the death of a worker is noticed when its connections do not tell."),
    deployTimeout: duration(1, 86_400_000)
      .prefault("2m")
      .describe("An attempt whose workers have not all built their tasks after so long, with their state, has failed."),
    workersWait: duration(0, 86_400_000)
      .prefault("0s")
      .describe(
        "A restart waits so long, from the failure on, for as many workers as before; then it goes on with those that are there.",
      ),
    workerMemory: size(64 * 2 ** 20, 2 ** 40)
      .prefault("512MiB")
      .describe("Heap limit of one worker process."),
  })
  .prefault({})
  .describe("Settings of the bundled engine.");

const limits = z
  .strictObject({
    generatorLagP99: duration()
      .prefault("20ms")
      .describe("Above this p99 of (sent − due) a run is invalid: generator-saturated."),
    achievedShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.995)
      .describe("Below this share of the offered rate a run is invalid: generator-saturated."),
    observerLagP99: duration()
      .prefault("50ms")
      .describe("Above this p99 of (observed − log-append time) a run is invalid."),
    minSamples: wholeNumber(1, 1e9)
      .default(100)
      .describe("Fewer measured outputs make a run invalid: too-few-samples."),
    foreignCpu: z
      .number()
      .min(0)
      .optional()
      .describe(
        "Above so many cores of CPU time for processes that do not belong to the run it is invalid: resource-foreign. Default: told, not judged.",
      ),
    faultsNotCounted: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        "Above this share of strikes that were not observed, or found their victim idle, a run is invalid: fault-not-observed.",
      ),
  })
  .prefault({})
  .describe("What makes a run invalid, that is: not to be trusted.");

export const configSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/, "a name has letters, digits, '.', '_' and '-', at most 80")
    .optional()
    .describe("Name of the campaign, also of its results folder. Default: the file's name."),
  description: z.string().default("").describe("What this campaign is for; printed in the report."),
  query: z.string().min(1).describe("Query to run, for example q5 or bettercloud."),
  system: z
    .union([z.enum(["bundled", "echo"]), commandSystemSchema])
    .prefault("bundled")
    .describe(
      "System under test: bundled; {kind: command, ...}, a processor of your own (docs/command-system.md); or echo, a kafkajs consumer and producer that answers q0 and is the floor to compare with.",
    ),
  data,
  microbench,
  load,
  warmup: duration().prefault("5s").describe("Outputs whose trigger was due in this first part are not measured."),
  parallelism: wholeNumber(1, 1024).default(2).describe("Instances of every operator of the query."),
  engine,
  recovery,
  checkpoints,
  restart,
  replication,
  faults: z
    .array(faultSchema)
    .max(100)
    .default([])
    .describe("What is broken on purpose, and when. A fault that was not observed makes the run invalid."),
  slo: sloSchema.prefault({}).describe("When service counts as restored after a fault."),
  guarantee,
  kafka: z
    .strictObject({
      brokers: z
        .array(z.string().regex(/^[^\s:]+:\d{1,5}$/, "a broker is written host:port"))
        .default([])
        .describe("External cluster, host:port. Default: a private broker, started and stopped by the run."),
      heap: size(256 * 2 ** 20, 2 ** 40)
        .prefault("1GiB")
        .describe("Java heap of the private broker."),
    })
    .prefault({})
    .describe("The Kafka that carries input and output."),
  output: z
    .strictObject({ partitions: wholeNumber(1, 1024).default(4).describe("Partitions of the output topic.") })
    .prefault({})
    .describe("The output topic."),
  verify: z
    .strictObject({
      plant: plantedErrors()
        .default("")
        .describe(
          "Errors to plant between system and verifier, to see them found: drop:1,repeat:1,alter:1,delay:1,reorder:1,forge:1,early:1. Such a run always fails.",
        ),
    })
    .prefault({})
    .describe("How the outputs are verified."),
  drainTimeout: duration(1).prefault("30s").describe("How long the last outputs may take after the last input."),
  limits,
  sampling,
  thresholds,
  capacity,
  canary,
  repetitions: wholeNumber(1, 1000).default(1).describe("Fresh runs of every cell."),
  seed: wholeNumber(0, 2 ** 32 - 1)
    .default(1)
    .describe("Decides the random order of the runs, and what faults leave to chance."),
  sweep: z
    .record(z.string(), z.array(z.unknown()).min(1, "an axis needs at least one value"))
    .default({})
    .describe(
      "Axes: path of a setting → its values. The cells are their product. The axis `variant` couples settings: its values are {name: …, path: value, …}.",
    ),
});

type Frozen<T> = T extends (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** A resolved, frozen config of one cell. Durations in ms, rates in events/s, sizes in bytes. */
export type Config = Frozen<Omit<z.output<typeof configSchema>, "sweep" | "name">> & { readonly name: string };
export type LoadConfig = Config["load"];
/** Of a stream that `load` does not drive. */
export type OtherLoadConfig = Config["microbench"]["load2"];
