import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import type { ExpectedRow, QueryDefinition } from "../../queries/query.ts";
import { findQuery } from "../../queries/registry.ts";
import { MORE_SAMPLES_HINT } from "../analyze/verdict.ts";
import { loadDurationMs } from "../config/schedule.ts";
import type { Config } from "../config/schema.ts";
import { runInput, runStreams } from "../config/streams.ts";
import { comparisonOf } from "../verify/comparison.ts";
import { WatermarkSteps } from "../verify/triggers.ts";

/** Events between two looks at the clock. */
const LOOK_EVERY = 1_024;

/** What of the sweep is looked at. */
interface PlannedCell {
  readonly cell: { readonly id: string };
  readonly config: Config;
}

/**
 * A line for every cell whose run is sure to have fewer measured outputs than `limits.minSamples`, as the data and the schedule alone
 * decide. Replays the oracle until `isOver` says that it has taken long enough; of the cells left then nothing is said.
 */
export function fewSamplesWarnings(cells: readonly PlannedCell[], isOver: () => boolean): readonly string[] {
  const lines: string[] = [];
  for (const { cell, config } of cells) {
    const count = expectedSamples(config, isOver);
    if (count === "unknown") break;
    if (count === "enough") continue;
    lines.push(
      `warning: ${cell.id} will be invalid (too-few-samples): ${count} outputs in the measured window, ` +
        `${config.limits.minSamples} needed\n`,
    );
  }
  return lines.length === 0 ? [] : [...lines, `hint: ${MORE_SAMPLES_HINT}\n`];
}

/** Outputs that are measured when none is lost; `enough`: at least as many as needed, or no latency is claimed. */
function expectedSamples(config: Config, isOver: () => boolean): number | "enough" | "unknown" {
  const query: QueryDefinition<NexmarkEvent> = findQuery(config.query);
  const { dataSet, schedule } = runInput(runStreams(config));
  if (query.trigger.kind === "none" || comparisonOf(query, dataSet) !== "everyRow") return "enough";
  const [fromUs, toUs] = [config.warmup * 1000, loadDurationMs(config) * 1000];
  const isMeasured = (trigger: number | null) => {
    if (trigger === null) return false;
    const dueUs = Math.floor(schedule.dueNs(trigger) / 1000);
    return dueUs >= fromUs && dueUs < toUs;
  };
  const windows = query.trigger.kind === "endOfWindow";
  const steps = new WatermarkSteps(dataSet.partitions, config.data.watermarkDelay);
  const rowsByWindowEnd = new Map<number, number>();
  let count = 0;
  const emit = ({ windowEndMs, lastInput }: ExpectedRow) => {
    if (!windows) count += isMeasured(lastInput) ? 1 : 0;
    else if (windowEndMs !== undefined) rowsByWindowEnd.set(windowEndMs, (rowsByWindowEnd.get(windowEndMs) ?? 0) + 1);
  };
  const oracle = query.oracle();
  const cursor = dataSet.open();
  while (count < config.limits.minSamples && cursor.advance()) {
    if (cursor.index % LOOK_EVERY === 0 && isOver()) return "unknown";
    if (windows) steps.onEvent(cursor.partition, cursor.eventTimeMs, cursor.index);
    oracle.onEvent(cursor.event(), cursor.index, emit);
  }
  if (count < config.limits.minSamples) oracle.onEnd(emit);
  for (const [endMs, rows] of rowsByWindowEnd) if (isMeasured(steps.endOfWindow(endMs))) count += rows;
  return count >= config.limits.minSamples ? "enough" : count;
}
