import { present } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { DataSet, WireFormatName } from "../../generators/dataset.ts";
import type { MergedInput } from "../../generators/merged-input.ts";
import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import type { Schedule } from "../../generators/schedule/schedule.ts";
import { SOURCE_ID } from "../../queries/job-ids.ts";
import { loadDurationMs } from "../config/schedule.ts";
import type { Config } from "../config/schema.ts";
import { runInput, runStreams } from "../config/streams.ts";
import type { RunRecord } from "../sweep/model.ts";
import { systemName } from "../systems/command/settings.ts";

const DEFAULT_SLO_MS = 1_000;

/** What analysis takes from the resolved config of a run. The one place that reads `RunRecord.config`. */
export interface RunConfig {
  readonly query: string;
  readonly system: string;
  /** How events and output rows were written. */
  readonly dataFormat: WireFormatName;
  /** All input streams as one. An event's index is its place there. */
  readonly input: MergedInput<NexmarkEvent>;
  readonly data: DataSet<NexmarkEvent>;
  /** When the events of the main stream are due, and how many they are. */
  readonly schedule: Schedule;
  readonly mainEvents: number;
  /** Place of the main stream among the input's. */
  readonly mainStream: number;
  /** Processes that sent the main stream. */
  readonly feeders: number;
  /** Length of the load, ms from the first due time. */
  readonly loadMs: number;
  /** Where the measured window begins; the shortest warm-up that was asked for. */
  readonly warmupMs: number;
  readonly leastWarmupMs: number;
  /** The offered rate does not change. */
  readonly isSteady: boolean;
  readonly watermarkDelayMs: number;
  readonly guarantee: string;
  /** Number of faults that the run asked for. */
  readonly faults: number;
  /** What the system does when it loses a process; what counts as restored: null = by what was before; ms. */
  readonly recovery: string;
  /** From one checkpoint's trigger to the next, ms; null: the run takes none by itself. */
  readonly checkpointIntervalMs: number | null;
  /** Checkpoints in which no input waits for the others. */
  readonly countsTwice: boolean;
  /** Replicas that agree on no order: nothing is promised of the outputs. */
  readonly unordered: boolean;
  readonly slo: { readonly p99Ms: number | null; readonly forMs: number };
  /** Errors that were planted on purpose, as written; "" = none. */
  readonly plant: string;
  readonly limits: Config["limits"];
  readonly thresholds: Config["thresholds"];
}

/** Throws `results-unreadable` when the stored config is not one this version understands. */
export function runConfig(record: RunRecord): RunConfig {
  const config = record.config as Config;
  try {
    const streams = runStreams(config);
    const mainStream = streams.findIndex(({ name }) => name === SOURCE_ID);
    const { due, events } = present(streams[mainStream], "main input stream");
    const input = runInput(streams);
    return {
      query: config.query,
      dataFormat: config.data.format ?? "json",
      system: systemName(config.system),
      input,
      data: input.dataSet,
      schedule: due,
      mainEvents: events,
      mainStream,
      feeders: config.load.feeders ?? 1, // absent in older records
      loadMs: loadDurationMs(config),
      warmupMs: config.warmup,
      leastWarmupMs: config.warmup,
      isSteady: streams.every(({ schedule }) => schedule.shape === "constant"),
      watermarkDelayMs: config.data.watermarkDelay,
      guarantee: config.guarantee,
      faults: config.faults?.length ?? 0, // absent in older records
      recovery: config.recovery ?? "none", // absent in older records
      checkpointIntervalMs: intervalOf(config),
      countsTwice: config.recovery === "passive" && config.checkpoints.mode === "at-least-once",
      unordered: config.recovery === "active" && config.replication?.merge === "none",
      slo: { p99Ms: config.slo?.p99 ?? null, forMs: config.slo?.for ?? DEFAULT_SLO_MS }, // absent in older records
      plant: config.verify?.plant ?? "", // absent in older records
      limits: config.limits,
      thresholds: config.thresholds ?? [], // absent in older records
    };
  } catch (cause) {
    throw new FaultlineError("results-unreadable", `run ${record.run.id}: its stored config cannot be read`, {
      hint: "Was it written by another version? Re-run the sweep, or analyze it with that version.",
      cause,
    });
  }
}

function intervalOf({ recovery, checkpoints }: Config): number | null {
  const takesThem = recovery === "passive" || recovery === "active";
  return takesThem && checkpoints.interval > 0 ? checkpoints.interval : null;
}
