import { FaultlineError } from "../../base/errors.ts";
import type { DataSet } from "../../generators/dataset.ts";
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { compileSchedule, type Schedule } from "../../generators/schedule/schedule.ts";
import { loadDurationMs, scheduleSpec } from "../config/schedule.ts";
import type { Config } from "../config/schema.ts";
import type { RunRecord } from "../sweep/model.ts";

/** What analysis takes from the resolved config of a run. The one place that reads `RunRecord.config`. */
export interface RunConfig {
  readonly query: string;
  readonly system: string;
  readonly data: DataSet<NexmarkEvent>;
  readonly schedule: Schedule;
  /** Length of the load, ms from the first due time. */
  readonly loadMs: number;
  readonly warmupMs: number;
  readonly watermarkDelayMs: number;
  readonly guarantee: string;
  readonly limits: Config["limits"];
}

/** Throws `results-unreadable` when the stored config is not one this version understands. */
export function runConfig(record: RunRecord): RunConfig {
  const config = record.config as Config;
  try {
    const { nexmark, partitions, partitionRule, watermarkDelay } = config.data;
    const options = resolveNexmarkOptions({ ...nexmark, events: record.events });
    return {
      query: config.query,
      system: config.system,
      data: new NexmarkDataSet({ options, partitions, partitionRule }),
      schedule: compileSchedule(scheduleSpec(config.load)),
      loadMs: loadDurationMs(config),
      warmupMs: config.warmup,
      watermarkDelayMs: watermarkDelay,
      guarantee: config.guarantee,
      limits: config.limits,
    };
  } catch (cause) {
    throw new FaultlineError("results-unreadable", `run ${record.run.id}: its stored config cannot be read`, {
      hint: "Was it written by another version? Re-run the sweep, or analyze it with that version.",
      cause,
    });
  }
}
