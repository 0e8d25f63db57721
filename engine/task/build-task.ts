import { present } from "../../base/assert.ts";
import { barrierModeOf, type JobSpec } from "../cluster/job-spec.ts";
import type { LogicalGraph, LogicalNode } from "../dataflow/graph.ts";
import type { PhysicalPlan, PlanEdge, Vertex } from "../dataflow/plan.ts";
import type { Timer, World } from "../ports.ts";
import { HeartbeatAlarm } from "../replication/heartbeat-alarm.ts";
import type { OrderLog } from "../replication/order-log.ts";
import type { OrderPartitions } from "../replication/order-partitions.ts";
import type { OutputHashes } from "../replication/output-hashes.ts";
import { instanceOf, subtaskOf } from "../replication/subtask.ts";
import { BinaryRowReader } from "../rows/binary.ts";
import { KeyCodec } from "../rows/key.ts";
import { instanceOfKeyGroup, keyGroupRange } from "../rows/key-groups.ts";
import type { RowSchema } from "../rows/schema.ts";
import { buildMerge, orderPartition } from "./build-merge.ts";
import { buildOutputHashes } from "./build-output-hashes.ts";
import { buildSink } from "./build-sink.ts";
import { buildSource } from "./build-source.ts";
import { EdgeOutput } from "./edge-output.ts";
import type { InputEdge } from "./input-channels.ts";
import { InputGate } from "./input-gate.ts";
import type { FrameLink } from "./link.ts";
import { operatorCapabilities } from "./operator-capabilities.ts";
import { type ChainedOperator, OperatorChain } from "./operator-chain.ts";
import { OutputChannel, type OutputReplication } from "./output-channel.ts";
import { OutputGate } from "./output-gate.ts";
import { overflowOf } from "./overflow.ts";
import {
  broadcastPartitioner,
  forwardPartitioner,
  hashPartitioner,
  type Partitioner,
  roundRobinPartitioner,
} from "./partitioner.ts";
import { type SideOutputs, sideOutputs } from "./side-outputs.ts";
import { Task } from "./task.ts";
import type { TaskHooks, TaskHost, TaskParts } from "./task-parts.ts";

/** What all tasks of one deployment have in common. */
export interface TaskContext {
  readonly graph: LogicalGraph;
  readonly plan: PhysicalPlan;
  readonly job: JobSpec;
  readonly attempt: number;
  /** Sources begin at the present end of their logs. */
  readonly fromEnd: boolean;
  readonly world: Pick<World, "clock" | "timers" | "log" | "callOut" | "files" | "scratch">;
  readonly host: TaskHost;
  /** KaZoo: this worker's order logs; null: the job has none. */
  readonly orders: { readonly log: OrderLog; readonly partitions: OrderPartitions } | null;
  /** By task, what it can tell of its output; absent: nobody compares it with that of its replicas. */
  readonly outputs?: Map<string, OutputHashes>;
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
  const barriers = barrierModeOf(context.job);
  const settings = { vertex: vertex.id, subtask, lastOperator: last.id, clock, timers, host: context.host, barriers };
  return new Task(settings, (hooks) => {
    const edges = inputEdges(context, vertex, instance);
    const gate = first.kind === "source" ? null : buildGate(context, vertex, subtask, edges, hooks);
    const planned = outgoing(context, vertex);
    const replication = outputReplication(context, vertex, hooks);
    const hashes = buildOutputHashes(context, vertex, subtask, hooks);
    const outputs = planned.map((edge) => {
      return buildEdge(context, vertex, subtask, edge, edgeSchema(context, edge), replication, hashes);
    });
    const output = new OutputGate({
      edges: outputs,
      hashes,
      sideEdges: new Set(outputs.filter((_, index) => planned[index]!.output !== undefined)),
      timers,
      bufferTimeoutUs: context.job.options.bufferTimeoutUs,
      guard: hooks.guard,
    });
    const sides = sideOutputs(planned, outputs, output);
    const open = new Set<Timer>();
    return {
      chain: buildChain(context, vertex, instance, nodes, hooks, sides, open),
      open,
      output,
      ...(first.kind === "operator" && first.loop !== undefined ? { loopBytes: first.loop.maxQueuedBytes } : {}),
      sink: last.kind === "sink" ? buildSink(context, last.id, last.encoder(), vertex.id, instance, hooks.sink) : null,
      source: first.kind === "source" ? buildSource(context, first, vertex, instance, hooks.source) : null,
      gate,
      readers: first.kind === "source" ? [] : buildReaders(context, edges),
      heartbeats: buildHeartbeats(context, gate !== null, hooks),
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
      const feedback = edge.feedback === true;
      return { edge: edge.id, input: edge.input, instances, replicas: from.replicas, feedback };
    });
}

function buildGate(
  context: TaskContext,
  vertex: Vertex,
  subtask: number,
  edges: readonly InputEdge[],
  hooks: TaskHooks,
): InputGate {
  const { orders, job, world } = context;
  const partition = orderPartition(context, vertex, subtask);
  return new InputGate({
    attempt: context.attempt,
    subtask,
    edges,
    windowBytes: job.options.channelWindowBytes,
    merge: (channels) => buildMerge(context, vertex, subtask, channels, hooks),
    clock: job.replication === undefined ? null : world.clock,
    counters: () => (partition === null ? {} : (orders?.log.counters(partition) ?? {})),
    overflow: overflowOf(job, world.scratch ?? null),
    onReady: hooks.ordered,
    fail: hooks.fail,
  });
}

/** One reader an edge, listed by logical channel in the gate's order. */
function buildReaders(context: TaskContext, edges: readonly InputEdge[]): readonly BinaryRowReader[] {
  const { plan, job } = context;
  return edges.flatMap(({ edge, instances }) => {
    const reader = new BinaryRowReader(edgeSchema(context, plan.edges[edge]!), job.options.maxBatchRows);
    return instances.map(() => reader);
  });
}

/** Fields of the rows on an edge. */
function edgeSchema({ plan, graph }: TaskContext, { from, output }: PlanEdge): RowSchema {
  const id = output?.operator ?? vertexOf(plan, from).operators.at(-1)!;
  const sender = present(graph.nodes.get(id), `operator ${id}`);
  if (output === undefined || sender.kind !== "operator") return sender.schema;
  return present(sender.sideOutputs?.get(output.tag), `side output ${output.tag} of ${id}`);
}

function buildChain(
  { plan, world }: TaskContext,
  vertex: Vertex,
  instance: number,
  nodes: readonly LogicalNode[],
  { tail, guard }: TaskHooks,
  sides: SideOutputs,
  open: Set<Timer>,
): OperatorChain {
  const { parallelism } = vertex;
  const keyGroups = keyGroupRange(instance, parallelism, plan.keyGroups);
  const run = (id: string) => (work: () => void) => guard(() => chain.runAs(id, work));
  const links = nodes.flatMap((node): ChainedOperator[] => {
    if (node.kind !== "operator") return [];
    const capabilities = operatorCapabilities(node, world, run(node.id), open);
    const sideOutput = (tag: string) => sides(node.id, tag);
    const context = { operatorId: node.id, instance, parallelism, keyGroups, sideOutput, ...capabilities };
    return [{ context, operator: node.create() }];
  });
  const chain: OperatorChain = new OperatorChain(links, tail);
  return chain;
}

function buildEdge(
  context: TaskContext,
  vertex: Vertex,
  subtask: number,
  edge: PlanEdge,
  schema: RowSchema,
  replication: OutputReplication | null,
  hashes: OutputHashes | null,
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
    const address = { attempt, edge: edge.id, sender: subtask };
    return new OutputChannel(address, receivers, job.options.channelWindowBytes, replication);
  });
  const partitioner = buildPartitioner(edge, schema, to.parallelism, plan.keyGroups);
  const hashed = hashes === null ? null : channels.map((channel) => hashes.add(schema, () => channel.nextNumber));
  return new EdgeOutput(edge.id, channels, partitioner, schema, job.options.bufferBytes, hashed);
}

function buildHeartbeats(context: TaskContext, hasInput: boolean, { notice }: TaskHooks): TaskParts["heartbeats"] {
  const { replication } = context.job;
  if (replication === undefined) return null;
  if (!hasInput) return { alarm: null };
  const { clock, timers } = context.world;
  const limitUs = replication.heartbeatIntervalUs * replication.silentIntervals;
  const onSilence = (silentUs: number) => notice({ kind: "heartbeatSilence", silentUs });
  return { alarm: new HeartbeatAlarm({ clock, timers, limitUs, onSilence }) };
}

function outputReplication(
  { job, plan }: TaskContext,
  { replicas }: Vertex,
  { notice }: TaskHooks,
): OutputReplication | null {
  if (job.replication === undefined) return null;
  const onLagging = (edge: number, subtask: number) =>
    notice({ kind: "receiverLagging", vertex: plan.edges[edge]!.to, subtask });
  return { hasSiblings: replicas > 1, maxLagBytes: job.replication.maxLagBytes, onLagging };
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
      if (parallelism === 1) return forwardPartitioner();
      const codec = new KeyCodec(schema, edge.partitioning.keys);
      return hashPartitioner((batch, row) =>
        instanceOfKeyGroup(codec.groupOf(batch, row, keyGroups), parallelism, keyGroups),
      );
    }
  }
}
