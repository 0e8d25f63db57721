import { openDataSet } from "../../generators/feed/spec.ts";
import type { ResolvedSweep } from "../config/resolve.ts";
import { eventCount } from "../config/schedule.ts";
import type { Config } from "../config/schema.ts";
import { type RunStream, runStreams, totalEvents } from "../config/streams.ts";
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
/** What the verification keeps beside the log while it joins, at most; for one run at a time. */
const VERIFY_BYTES_PER_OUTPUT = 70;
/** Of a run whose topics are deleted the broker keeps the segments for another minute. */
const RUNS_ON_DISK = 2;
const SAMPLED_EVENTS = 2_000;

/**
 * An estimate from above: every event is one input record of its average size and causes one output of that size at most.
 * Results: 40 bytes an output and 24 an event, plus 2 MiB a run, and 70 an output of the largest run while it is verified. Temporary: the input and output of two runs, plus 512 MiB.
 * Queries with more outputs than inputs (joins, updates) can need more.
 */
export function campaignNeeds(sweep: ResolvedSweep): CampaignNeeds {
  const { repetitions, kafka } = sweep.config;
  const plan = planSweep(sweep);
  let events = 0;
  let largestRunBytes = 0;
  let largestRunEvents = 0;
  const means = new Map<string, readonly number[]>();
  for (const { config } of sweep.cells) {
    const streams = runStreams(config);
    const count = totalEvents(streams);
    events += count * repetitions;
    largestRunEvents = Math.max(largestRunEvents, count);
    largestRunBytes = Math.max(largestRunBytes, inputBytes(config, streams, means) * 2);
  }
  return {
    runs: plan.runs.length,
    events,
    estimatedMs: plan.estimatedMs,
    resultsBytes:
      events * (OBSERVATION_BYTES + FEEDER_BYTES_PER_EVENT) +
      largestRunEvents * VERIFY_BYTES_PER_OUTPUT +
      plan.runs.length * RUN_FILES_BYTES,
    temporaryBytes: kafka.brokers.length > 0 ? 0 : Math.ceil(largestRunBytes * RUNS_ON_DISK) + BROKER_BYTES,
  };
}

/** Bytes of the records of all input topics of a run. `means`: mean size of an event by stream, of every data set seen so far. */
function inputBytes(config: Config, streams: readonly RunStream[], means: Map<string, readonly number[]>): number {
  const key = JSON.stringify(config.data);
  const known = means.get(key) ?? runStreams(config, Math.min(SAMPLED_EVENTS, eventCount(config))).map(meanEventBytes);
  means.set(key, known);
  return streams.reduce((sum, { events }, index) => sum + events * known[index]!, 0);
}

/** Mean size of the first events as Kafka values. */
function meanEventBytes({ dataset, events }: RunStream): number {
  const cursor = openDataSet(dataset).open();
  const buffer = new Uint8Array(cursor.maxWireBytes);
  let bytes = 0;
  let count = 0;
  while (count < Math.min(SAMPLED_EVENTS, events) && cursor.advance()) {
    bytes += cursor.writeWire(buffer, 0);
    count++;
  }
  return bytes / Math.max(1, count);
}
