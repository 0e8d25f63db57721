import { FaultlineError } from "../../base/errors.ts";
import { CutSource } from "../connectors/cut-source.ts";
import { isReplayable } from "../connectors/socket/replay.ts";
import { Source } from "../connectors/source.ts";
import type { SourcePart, TickedSourceHost } from "../connectors/source-part.ts";
import type { SourceSettings } from "../connectors/source-settings.ts";
import { TickedSource } from "../connectors/ticked-source.ts";
import type { SourceNode } from "../dataflow/graph.ts";
import type { Vertex } from "../dataflow/plan.ts";
import { groupName } from "../replication/cut-entry.ts";
import type { TaskContext } from "./build-task.ts";

/** The source at the head of a chain: of the kind that the job's replication asks for. `job-invalid` when it is bound to nothing. */
export function buildSource(
  context: TaskContext,
  node: SourceNode,
  vertex: Vertex,
  instance: number,
  host: TickedSourceHost,
): SourcePart {
  const { world, attempt } = context;
  const { replication } = context.job;
  const settings = sourceSettings(context, node, vertex, instance);
  if (replication === undefined) return new Source(settings, world, host);
  const { cutLog, heartbeatIntervalUs: intervalUs, heartbeatRecords: records } = replication;
  const ticks = { world, cutLog, attempt, intervalUs, records };
  if (vertex.replicas === 1) return new TickedSource(settings, ticks, world, host);
  return new CutSource(settings, { ...ticks, group: groupName(vertex.id, instance) }, world, host);
}

function sourceSettings(
  { job, fromEnd }: TaskContext,
  node: SourceNode,
  { parallelism }: Vertex,
  instance: number,
): SourceSettings {
  const binding = job.sources[node.id];
  if (binding === undefined) {
    throw new FaultlineError("job-invalid", `source "${node.id}" is bound to nothing`, {
      hint: `give the job specification an entry "${node.id}" under sources`,
    });
  }
  const { kind, brokers, topic, partitions } = binding;
  return {
    address: { kind, brokers, topic },
    partitions,
    instance,
    parallelism,
    watermarkDelayMs: node.watermarkDelayMs,
    watermarkIntervalUs: job.options.watermarkIntervalUs,
    idleTimeoutUs: job.options.idleTimeoutMs * 1000,
    watermarkAlignmentMs: job.options.watermarkAlignmentMs,
    fetchRestMs: job.options.fetchRestMs,
    // What cannot be read again begins at its present end anyway, and ends when nothing more can come.
    bounded: job.bounded || !isReplayable(kind),
    fromEnd: fromEnd && isReplayable(kind),
    decoder: node.decoder(job.options.maxBatchRows),
  };
}
