import { present } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { JobSpec } from "../cluster/job-spec.ts";
import type { RowEncoder } from "../connectors/format.ts";
import type { Sink, SinkHost } from "../connectors/sink.ts";
import { DiscardSink } from "../connectors/sink-discard.ts";
import { LogSink } from "../connectors/sink-log.ts";
import { Source, type SourceHost } from "../connectors/source.ts";
import type { LogicalGraph, LogicalNode, SourceNode } from "../dataflow/graph.ts";
import type { PhysicalPlan, PlanEdge, Vertex } from "../dataflow/plan.ts";
import { ArrivalMerge } from "../merge/arrival.ts";
import type { Output } from "../operators/operator.ts";
import type { World } from "../ports.ts";
import { instanceOf, subtaskOf } from "../replication/subtask.ts";
import { BinaryRowReader } from "../rows/binary.ts";
import { KeyCodec } from "../rows/key.ts";
import { instanceOfKeyGroup, keyGroupRange } from "../rows/key-groups.ts";
import type { RowSchema } from "../rows/schema.ts";
import { EdgeOutput } from "./edge-output.ts";
import type { InputEdge } from "./input-channels.ts";
import { InputGate } from "./input-gate.ts";
import type { FrameLink } from "./link.ts";
import { type ChainedOperator, OperatorChain } from "./operator-chain.ts";
import { OutputChannel } from "./output-channel.ts";
import { OutputGate } from "./output-gate.ts";
import {
  broadcastPartitioner,
  forwardPartitioner,
  hashPartitioner,
  type Partitioner,
  roundRobinPartitioner,
} from "./partitioner.ts";
import { Task } from "./task.ts";
import type { TaskHost } from "./task-parts.ts";

/** What all tasks of one deployment have in common. */
export interface TaskContext {
  readonly graph: LogicalGraph;
  readonly plan: PhysicalPlan;
  readonly job: JobSpec;
  readonly attempt: number;
  readonly world: Pick<World, "clock" | "timers" | "log">;
  readonly host: TaskHost;
  /** The way to a task, wherever it runs. */
  readonly linkTo: (vertex: string, subtask: number) => FrameLink;
}

/** Builds subtask `subtask` of `vertex` with all its parts, ready to start. `job-invalid` when a binding is missing. */
export function buildTask(context: TaskContext, vertex: Vertex, subtask: number): Task {
  const instance = instanceOf(subtask, vertex.replicas);
  const nodes = vertex.operators.map((id) => present(context.graph.nodes.get(id), `operator ${id}`));
  const first = nodes[0]!;
  const last = nodes.at(-1)!;
  const { clock, timers } = context.world;
  const settings = { vertex: vertex.id, subtask, lastOperator: last.id, clock, timers, host: context.host };
  return new Task(settings, (hooks) => {
    const edges = inputEdges(context, vertex, instance);
    const gate = first.kind === "source" ? null : buildGate(context, subtask, edges);
    return {
      chain: buildChain(context, vertex, instance, nodes, hooks.tail),
      output: new OutputGate({
        edges: outgoing(context, vertex).map((edge) => buildEdge(context, vertex, subtask, edge, last.schema)),
        timers,
        bufferTimeoutUs: context.job.options.bufferTimeoutUs,
        guard: hooks.guard,
      }),
      sink:
        last.kind === "sink" ? buildSink(context.job, last.id, last.encoder(), instance, context, hooks.sink) : null,
      source: first.kind === "source" ? buildSource(context, first, vertex, instance, hooks.source) : null,
      gate,
      readers: first.kind === "source" ? [] : buildReaders(context, edges),
    };
  });
}

function outgoing({ plan }: TaskContext, vertex: Vertex): readonly PlanEdge[] {
  return plan.edges.filter((edge) => edge.from === vertex.id);
}

function vertexOf(plan: PhysicalPlan, id: string): Vertex {
  return present(
    plan.vertices.find((vertex) => vertex.id === id),
    `vertex ${id}`,
  );
}

function inputEdges({ plan }: TaskContext, vertex: Vertex, instance: number): readonly InputEdge[] {
  return plan.edges
    .filter((edge) => edge.to === vertex.id)
    .map((edge) => {
      const from = vertexOf(plan, edge.from);
      const all = Array.from({ length: from.parallelism }, (_, index) => index);
      const instances = edge.partitioning.kind === "forward" ? [instance] : all;
      return { edge: edge.id, input: edge.input, instances, replicas: from.replicas };
    });
}

function buildGate(context: TaskContext, subtask: number, edges: readonly InputEdge[]): InputGate {
  return new InputGate({
    attempt: context.attempt,
    subtask,
    edges,
    windowBytes: context.job.options.channelWindowBytes,
    merge: (channels) => new ArrivalMerge(channels, "exactlyOnce"),
  });
}

/** One reader an edge, listed by logical channel in the gate's order. */
function buildReaders({ plan, graph, job }: TaskContext, edges: readonly InputEdge[]): readonly BinaryRowReader[] {
  return edges.flatMap(({ edge, instances }) => {
    const from = vertexOf(plan, plan.edges[edge]!.from);
    const sender = present(graph.nodes.get(from.operators.at(-1)!), `last operator of ${from.id}`);
    const reader = new BinaryRowReader(sender.schema, job.options.maxBatchRows);
    return instances.map(() => reader);
  });
}

function buildChain(
  { plan, world: { clock } }: TaskContext,
  vertex: Vertex,
  instance: number,
  nodes: readonly LogicalNode[],
  tail: Output,
): OperatorChain {
  const { parallelism } = vertex;
  const keyGroups = keyGroupRange(instance, parallelism, plan.keyGroups);
  const processingTimeUs = () => clock.nowUs() + (clock.epochOffsetUs ?? 0);
  const links = nodes.flatMap((node): ChainedOperator[] => {
    if (node.kind !== "operator") return [];
    const capabilities = node.processingTime ? { processingTimeUs } : {};
    const context = { operatorId: node.id, instance, parallelism, keyGroups, ...capabilities };
    return [{ context, operator: node.create() }];
  });
  return new OperatorChain(links, tail);
}

function buildEdge(
  context: TaskContext,
  vertex: Vertex,
  subtask: number,
  edge: PlanEdge,
  schema: RowSchema,
): EdgeOutput {
  const { plan, job, attempt } = context;
  const to = vertexOf(plan, edge.to);
  const isForward = edge.partitioning.kind === "forward";
  const own = instanceOf(subtask, vertex.replicas);
  const instances = isForward ? [own] : Array.from({ length: to.parallelism }, (_, index) => index);
  const channels = instances.map((instance) => {
    const receivers = Array.from({ length: to.replicas }, (_, replica) => {
      const receiver = subtaskOf(instance, replica, to.replicas);
      return { subtask: receiver, link: context.linkTo(to.id, receiver) };
    });
    return new OutputChannel({ attempt, edge: edge.id, sender: subtask }, receivers, job.options.channelWindowBytes);
  });
  const partitioner = buildPartitioner(edge, schema, to.parallelism, plan.keyGroups);
  return new EdgeOutput(edge.id, channels, partitioner, schema, job.options.bufferBytes);
}

function buildPartitioner(edge: PlanEdge, schema: RowSchema, parallelism: number, keyGroups: number): Partitioner {
  switch (edge.partitioning.kind) {
    case "forward":
      return forwardPartitioner();
    case "broadcast":
      return broadcastPartitioner();
    case "roundRobin":
      return roundRobinPartitioner(parallelism);
    case "hash": {
      const codec = new KeyCodec(schema, edge.partitioning.keys);
      return hashPartitioner((batch, row) =>
        instanceOfKeyGroup(codec.groupOf(batch, row, keyGroups), parallelism, keyGroups),
      );
    }
  }
}

function buildSource(
  { job, world }: TaskContext,
  node: SourceNode,
  vertex: Vertex,
  instance: number,
  host: SourceHost,
): Source {
  const { kind, brokers, topic, partitions } = binding(job.sources[node.id], "source", node.id);
  return new Source(
    {
      address: { kind, brokers, topic },
      partitions,
      instance,
      parallelism: vertex.parallelism,
      watermarkDelayMs: node.watermarkDelayMs,
      watermarkIntervalUs: job.options.watermarkIntervalUs,
      idleTimeoutUs: job.options.idleTimeoutMs * 1000,
      bounded: job.bounded,
      decoder: node.decoder(job.options.maxBatchRows),
    },
    world,
    host,
  );
}

function buildSink(
  job: JobSpec,
  id: string,
  encoder: RowEncoder,
  instance: number,
  context: TaskContext,
  host: SinkHost,
): Sink {
  const { kind, brokers, topic, partitions } = binding(job.sinks[id], "sink", id);
  if (kind === "discard") return new DiscardSink(encoder);
  return new LogSink({ address: { kind, brokers, topic }, partitions, instance, encoder }, context.world.log, host);
}

function binding<T>(found: T | undefined, what: "source" | "sink", id: string): T {
  if (found !== undefined) return found;
  throw new FaultlineError("job-invalid", `${what} "${id}" is bound to nothing`, {
    hint: `give the job specification an entry "${id}" under ${what}s`,
  });
}
