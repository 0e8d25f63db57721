import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { LogicalGraph } from "../dataflow/graph.ts";
import type { PhysicalPlan } from "../dataflow/plan.ts";
import type { World } from "../ports.ts";
import { OrderLog } from "../replication/order-log.ts";
import { OrderPartitions } from "../replication/order-partitions.ts";
import type { OutputDescription, OutputHashes, OutputQuestion } from "../replication/output-hashes.ts";
import { instanceOf, subtaskOf } from "../replication/subtask.ts";
import { buildTask } from "../task/build-task.ts";
import { FRAME_CREDIT, type Frame } from "../task/frame.ts";
import type { FrameLink } from "../task/link.ts";
import type { Task } from "../task/task.ts";
import type { CheckpointEvent, TaskHost } from "../task/task-parts.ts";
import { isTerminal } from "./job-effects.ts";
import { checkpointsOf, DEFAULT_LEASE_US, type JobSpec } from "./job-spec.ts";
import type { TaskCounters, TaskPlacement } from "./messages.ts";
import { taskKey } from "./placement.ts";

export interface DeploymentSettings {
  readonly worker: string;
  readonly attempt: number;
  readonly job: JobSpec;
  readonly placements: readonly TaskPlacement[];
  readonly graph: LogicalGraph;
  readonly plan: PhysicalPlan;
  readonly world: Pick<World, "clock" | "timers" | "log" | "election" | "callOut" | "files">;
  readonly host: TaskHost;
  /** By task, what it goes on from; null: all begin with empty state. */
  readonly states: ReadonlyMap<string, Uint8Array> | null;
  /** Nothing will run: the states are those of sinks. */
  readonly resolves?: boolean;
  /** Sources begin at the present end of their logs. */
  readonly fromEnd: boolean;
  /** The way to another worker's tasks. */
  readonly linkToWorker: (worker: string, address: string) => FrameLink;
}

/** The tasks of one attempt that run on this worker, and the ways between them and to all others. */
export class Deployment {
  readonly jobId: string;
  readonly attempt: number;
  readonly #plan: PhysicalPlan;
  readonly #placements: readonly TaskPlacement[];
  readonly #tasks = new Map<string, Task>();
  /** What sinks are to resolve; null: nothing, the tasks are to run. */
  readonly #states: DeploymentSettings["states"];
  /** By task, of those that are compared with their replicas. */
  readonly #outputs = new Map<string, OutputHashes>();
  readonly #orders: { readonly log: OrderLog; readonly partitions: OrderPartitions } | null;
  /** Tasks of this worker reach each other by reference. */
  readonly #local: FrameLink;

  /** Builds all tasks. Throws what building throws; then nothing of it may be used. */
  constructor(settings: DeploymentSettings) {
    this.jobId = settings.job.jobId;
    this.attempt = settings.attempt;
    this.#plan = settings.plan;
    this.#placements = settings.placements;
    this.#states = settings.resolves === true ? settings.states : null;
    this.replicated = settings.job.replication !== undefined;
    this.#local = { writable: true, send: (frame) => this.#deliverLocal(frame) };
    this.#orders = this.#buildOrders(settings);
    const orders = this.#orders;
    const placements = new Map(settings.placements.map((p) => [taskKey(p.vertex, p.subtask), p]));
    const linkTo = (vertex: string, subtask: number): FrameLink => {
      const placement = placements.get(taskKey(vertex, subtask));
      if (placement === undefined) throw new FaultlineError("job-invalid", `task ${vertex}/${subtask} has no place`);
      if (placement.worker === settings.worker) return this.#local;
      return settings.linkToWorker(placement.worker, placement.address);
    };
    for (const { vertex: id, subtask, worker } of settings.placements) {
      if (worker !== settings.worker) continue;
      const vertex = settings.plan.vertices.find((candidate) => candidate.id === id);
      if (vertex === undefined) throw new FaultlineError("job-invalid", `the plan has no vertex "${id}"`);
      const task = buildTask(
        { ...settings, host: this.#leaving(settings.host), linkTo, orders, outputs: this.#outputs },
        vertex,
        subtask,
      );
      const state = settings.states?.get(taskKey(id, subtask));
      if (state !== undefined && settings.resolves !== true) task.restore(state);
      this.#tasks.set(taskKey(id, subtask), task);
    }
  }

  /** Losing a replica is not losing the job. */
  readonly replicated: boolean;

  get tasks(): readonly Task[] {
    return [...this.#tasks.values()];
  }

  /** Some task may still run. */
  get active(): boolean {
    return this.tasks.some(({ state }) => state === "created" || state === "running" || state === "ended");
  }

  /** `job-invalid` when groups need leaders and nobody can be elected here. */
  #buildOrders({ job, plan, world, attempt, worker }: DeploymentSettings) {
    const { merge, orderLog: address, leaseUs = DEFAULT_LEASE_US } = job.replication ?? {};
    const partitions = new OrderPartitions(plan);
    if (merge !== "kaZoo" || address === undefined || partitions.count === 0) return null;
    const { election } = world;
    if (election === undefined) {
      throw new FaultlineError(
        "job-invalid",
        "KaZoo elects a leader for each replica group: this worker has no election",
        {
          hint: "give the workers servers of ZooKeeper, or take the merge liveRobin",
        },
      );
    }
    const onError = (error: Error) => this.fail(asFaultlineError(error));
    const retain = checkpointsOf(job)?.retain ?? 1;
    const log = new OrderLog({ world, election, address, attempt, candidate: worker, leaseUs, retain, onError });
    return { log, partitions };
  }

  /** A task that has ended, well or not, leads its group no more. */
  #leaving(host: TaskHost): TaskHost {
    if (this.#orders === null) return host;
    const { log, partitions } = this.#orders;
    return {
      ...host,
      onState: (task, state, failure) => {
        const replicas = this.#plan.vertices.find(({ id }) => id === task.vertex)?.replicas ?? 1;
        const partition = partitions.partitionOf(task.vertex, instanceOf(task.subtask, replicas));
        if (partition !== null && isTerminal(state)) log.leave(partition);
        host.onState(task, state, failure);
      },
    };
  }

  start(): void {
    this.#orders?.log.start();
    for (const task of this.tasks) task.start();
  }

  /** Instead of `start`. */
  resolve(): void {
    for (const [name, task] of this.#tasks) task.resolve(this.#states?.get(name));
  }

  drain(): void {
    for (const task of this.tasks) task.drain();
  }

  cancel(): void {
    this.#orders?.log.close();
    for (const task of this.tasks) task.cancel();
  }

  /** Every task that has not ended fails, for a cause outside of them. */
  fail(error: FaultlineError): void {
    for (const task of this.tasks) task.fail(error);
  }

  /** Replicated jobs: the way to (`out`) or from (`in`) another worker's tasks is gone. Theirs are the physical channels that close. */
  onPeerLost(worker: string, direction: "in" | "out"): void {
    for (const { vertex, subtask, worker: host } of this.#placements) {
      if (host === worker) this.#disconnect(vertex, subtask, direction);
    }
  }

  /** A replica is no longer part of the job. */
  onReplicaLost(vertex: string, subtask: number): void {
    this.#tasks.get(taskKey(vertex, subtask))?.cancel();
    const replicas = this.#plan.vertices.find(({ id }) => id === vertex)?.replicas ?? 1;
    const instance = instanceOf(subtask, replicas);
    const partition = this.#orders?.partitions.partitionOf(vertex, instance) ?? null;
    if (partition !== null) {
      if (this.#tasks.has(taskKey(vertex, subtask))) this.#orders?.log.leave(partition);
      else this.#orders?.log.onReplicaLost(partition, subtask - subtaskOf(instance, 0, replicas));
    }
    this.#disconnect(vertex, subtask, "in");
    this.#disconnect(vertex, subtask, "out");
  }

  /** Closes what tasks here have from (`in`) or to (`out`) that task. */
  #disconnect(vertex: string, subtask: number, direction: "in" | "out"): void {
    for (const { id, from, to } of this.#plan.edges) {
      if ((direction === "out" ? to : from) !== vertex) continue;
      for (const task of this.tasks) {
        if (direction === "out" && task.vertex === from) task.dropReceiver(id, subtask);
        if (direction === "in" && task.vertex === to) task.closeSender(id, subtask);
      }
    }
  }

  onCheckpoint(event: CheckpointEvent): void {
    if (event.kind === "complete") this.#orders?.log.onCheckpointComplete(event.checkpointId);
    for (const task of this.tasks) task.onCheckpoint(event);
  }

  /** What a task here has sent; null: nobody compares it. */
  describeOutput(vertex: string, subtask: number, question: OutputQuestion): OutputDescription | null {
    return this.#outputs.get(taskKey(vertex, subtask))?.describe(question) ?? null;
  }

  counters(): readonly TaskCounters[] {
    return this.tasks.map((task) => task.counters());
  }

  /** Links can take frames again. */
  onWritable(): void {
    for (const task of this.tasks) task.onWritable();
  }

  /** Hands a frame of this attempt to its task; false when there is no such channel here. */
  onFrame(frame: Frame, link: FrameLink): boolean {
    const edge = this.#plan.edges[frame.edge];
    if (edge === undefined) return false;
    const [vertex, subtask] = frame.kind === FRAME_CREDIT ? [edge.from, frame.sender] : [edge.to, frame.receiver];
    return this.#tasks.get(taskKey(vertex, subtask))?.onFrame(frame, link) ?? false;
  }

  #deliverLocal(frame: Frame): void {
    if (this.onFrame(frame, this.#local)) return;
    throw new FaultlineError("assertion-failed", `no channel ${frame.edge}: ${frame.sender} → ${frame.receiver} here`);
  }
}
