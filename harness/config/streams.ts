import {
  type BetterCloudOptions,
  type BetterCloudOptionsInput,
  preloadedControls,
  resolveBetterCloudOptions,
} from "../../generators/bettercloud/options.ts";
import { controlSchedule } from "../../generators/bettercloud/schedules.ts";
import type { DataSet } from "../../generators/dataset.ts";
import { type DataSetSpec, openDataSet } from "../../generators/feed/spec.ts";
import { type MergedInput, mergeInput } from "../../generators/merged-input.ts";
import { STREAMS } from "../../generators/microbench/model.ts";
import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import { compileSchedule, type Schedule } from "../../generators/schedule/schedule.ts";
import type { ScheduleSpec } from "../../generators/schedule/spec.ts";
import { SOURCE_ID } from "../../queries/job-ids.ts";
import { findQuery } from "../../queries/registry.ts";
import { eventCount, loadDurationMs, otherEventCount, scheduleSpec } from "./schedule.ts";
import type { Config } from "./schema.ts";

/** One input stream of a run: a topic of its own, fed by processes of its own. */
export interface RunStream {
  /** The source of the job that reads it. `events` is the main one: `load` drives it. */
  readonly name: string;
  readonly dataset: DataSetSpec;
  readonly events: number;
  /** How it is fed. */
  readonly schedule: ScheduleSpec;
  /** When its events count as due, on the clock of the run: before 0 for what is sent before the start. */
  readonly due: Schedule;
  readonly partitions: number;
  /** Processes that send it: the k-th, from 0, owns the partitions p with p mod feeders = k. */
  readonly feeders: number;
  /** It is sent, whole, before the other streams start. */
  readonly isEarly: boolean;
  /** Its partitions end with closing records. */
  readonly closing: boolean;
}

/** How fast a stream is sent that comes before the others, events per second. */
const EARLY_RATE = 5_000;

/** The input streams of a run, in the order that counts among events due at once. `events`: of the main stream. */
export function runStreams(config: Config, events: number = eventCount(config)): readonly RunStream[] {
  const { data } = config;
  const schedule = scheduleSpec(config.load);
  const { feeders } = config.load;
  const due = compileSchedule(schedule);
  const main = { name: SOURCE_ID, events, schedule, due, feeders, isEarly: false } as const;
  if (data.generator === "nexmark") {
    const { partitions, partitionRule, format } = data;
    const options = { ...data.nexmark, events };
    const dataset: DataSetSpec = { kind: "nexmark", options, partitions, partitionRule, format };
    return [{ ...main, dataset, partitions, closing: true }];
  }
  if (data.generator === "microbench") return microbenchStreams(config, main);
  const input = betterCloudInput(config, events);
  const options = resolveBetterCloudOptions(input);
  const { partitions } = data;
  const dataset: DataSetSpec = {
    kind: "bettercloud",
    stream: "events",
    options: input,
    partitions,
    dueSchedule: schedule,
  };
  // No window waits for closing records.
  return [controlStream(input, options), { ...main, dataset, partitions, closing: false }];
}

/** The sources of a pipeline: the first is driven by `load`, the others by loads of their own. */
function microbenchStreams(
  config: Config,
  main: Omit<RunStream, "dataset" | "partitions" | "closing">,
): readonly RunStream[] {
  const { partitions } = config.data;
  const { keys, payloadBytes, seed, baseTimeMs, load2, load3 } = config.microbench;
  const { streams = [SOURCE_ID] } = findQuery(config.query);
  const others = [load2, load3].slice(0, streams.length - 1).map((load, i) => {
    const schedule = scheduleSpec(load);
    const due = compileSchedule(schedule);
    const events = otherEventCount(config, load);
    return { name: STREAMS[i + 1]!, events, schedule, due, feeders: 1, isEarly: false } as const;
  });
  return [main, ...others].map((stream, i) => {
    const options = { keys, payloadBytes, seed, baseTimeMs, events: stream.events };
    const dataset = { kind: "microbench", source: i + 1, options, partitions, dueSchedule: stream.schedule } as const;
    // No window waits for closing records.
    return { ...stream, dataset, partitions, closing: false };
  });
}

/** One partition: the order of controls decides which counts. */
function controlStream(input: BetterCloudOptionsInput, options: BetterCloudOptions): RunStream {
  const isEarly = preloadedControls(options) > 0;
  return {
    name: "controls",
    dataset: { kind: "bettercloud", stream: "controls", options: input, partitions: 1 },
    events: options.controls,
    schedule: { shape: "constant", ratePerSecond: isEarly ? EARLY_RATE : options.controlRate },
    due: controlSchedule(options),
    partitions: 1,
    feeders: 1,
    isEarly,
    closing: false,
  };
}

function betterCloudInput(config: Config, events: number): BetterCloudOptionsInput {
  const { bettercloud } = config.data;
  const controls = Math.ceil((loadDurationMs(config) / 1000) * bettercloud.controlRate);
  return { ...bettercloud, events, controls };
}

/** What a run's oracle sees: the streams as one, in due order. */
export function runInput(streams: readonly RunStream[]): MergedInput<NexmarkEvent> {
  return mergeInput(
    streams.map(({ name, dataset, due }) => {
      // Queries and events are paired by their generator, which the config checks and types do not say.
      return { name, dataSet: openDataSet(dataset) as DataSet<NexmarkEvent>, schedule: due };
    }),
  );
}

/** Events of all streams of a run, closing records not counted. */
export function totalEvents(streams: readonly RunStream[]): number {
  return streams.reduce((sum, { events }) => sum + events, 0);
}

/** As queries know the data of a run. */
export function dataMode({ data }: Config): string {
  return data.generator === "nexmark" ? data.nexmark.mode : data.generator;
}
