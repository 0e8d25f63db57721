import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import type { ResolvedSweep } from "../config/resolve.ts";
import { eventCount } from "../config/schedule.ts";
import type { Config } from "../config/schema.ts";
import { OBSERVATION_BYTES } from "../measure/observation.ts";
import { planSweep } from "../sweep/plan.ts";

/** Room that a campaign needs, in bytes, and its time. */
export interface CampaignNeeds {
  readonly runs: number;
  readonly events: number;
  readonly estimatedMs: number;
  /** In the results folder, for all runs together. */
  readonly resultsBytes: number;
  /** In the temporary directory, where the private broker keeps its data; 0 with an external cluster. */
  readonly temporaryBytes: number;
}

/** Warm-up traffic, internal topics, indexes and the log segment that the broker allocates ahead. */
const BROKER_BYTES = 512 * 2 ** 20;
/** Logs, report, figures, tables. */
const RUN_FILES_BYTES = 2 * 2 ** 20;
/** Sent log and lags, in bytes an event at most. */
const FEEDER_BYTES_PER_EVENT = 24;
/** Of a run whose topics are deleted the broker keeps the segments for another minute. */
const RUNS_ON_DISK = 2;
const SAMPLED_EVENTS = 2_000;
const FALLBACK_EVENT_BYTES = 512;

/**
 * An estimate from above: every event is one input record of its average size and causes one output of that size at most.
 * Results: 40 bytes an output and 24 an event, plus 2 MiB a run. Temporary: the input and output of two runs, plus 512 MiB.
 * Queries with more outputs than inputs (joins, updates) can need more.
 */
export function campaignNeeds(sweep: ResolvedSweep): CampaignNeeds {
  const { repetitions, kafka } = sweep.config;
  const plan = planSweep(sweep);
  let events = 0;
  let largestRunBytes = 0;
  const sizes = new Map<string, number>();
  for (const { config } of sweep.cells) {
    const count = eventCount(config);
    const key = JSON.stringify(config.data);
    const eventBytes = sizes.get(key) ?? averageEventBytes(config);
    sizes.set(key, eventBytes);
    events += count * repetitions;
    largestRunBytes = Math.max(largestRunBytes, count * eventBytes * 2);
  }
  return {
    runs: plan.runs.length,
    events,
    estimatedMs: plan.estimatedMs,
    resultsBytes: events * (OBSERVATION_BYTES + FEEDER_BYTES_PER_EVENT) + plan.runs.length * RUN_FILES_BYTES,
    temporaryBytes: kafka.brokers.length > 0 ? 0 : Math.ceil(largestRunBytes * RUNS_ON_DISK) + BROKER_BYTES,
  };
}

/** Mean size of the first events as Kafka values. */
function averageEventBytes({ data }: Config): number {
  if (data.generator !== "nexmark") return FALLBACK_EVENT_BYTES;
  const options = resolveNexmarkOptions({ ...data.nexmark, events: SAMPLED_EVENTS });
  const cursor = new NexmarkDataSet({ options }).open();
  const buffer = new Uint8Array(cursor.maxWireBytes);
  let bytes = 0;
  let count = 0;
  while (cursor.advance()) {
    bytes += cursor.writeWire(buffer, 0);
    count++;
  }
  return bytes / Math.max(1, count);
}
