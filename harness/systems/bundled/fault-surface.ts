import { monotonicUs } from "../../../base/clock.ts";
import type { JobStateMessage, ReplicaLossMessage } from "../../../engine/shell/cluster-client.ts";
import { type JobShape, taskName } from "../job-shape.ts";
import type { CheckpointEvent, FaultPlace, FaultSurface, SpawnedProcess, SystemState } from "../system.ts";
import type { Cluster } from "./cluster.ts";

/**
 * Replacements of workers within `REPLACEMENT_SPAN_US` beyond which lost ones stay away: a worker that cannot start must not be started
 * over and over. A rate, because a soak replaces workers for hours.
 */
const MAX_REPLACEMENTS = 60;
const REPLACEMENT_SPAN_US = 60_000_000;

type ProcessListener = Parameters<FaultSurface["onProcess"]>[0];

/**
 * The cluster's processes as places that can be struck. Where the job recovers, a worker that was struck and is lost is replaced at
 * once by a new process of another name, as a supervisor would; a spare one, where there is one, takes its place and the new one is
 * the spare.
 */
export class BundledFaultSurface implements FaultSurface {
  readonly #cluster: Cluster;
  readonly #replaces: boolean;
  /** By place: who serves there now. */
  readonly #places: SpawnedProcess[];
  readonly #spares: SpawnedProcess[];
  /** Process → until when its end is expected, monotonic µs. */
  readonly #expected = new Map<number, number>();
  readonly #stateListeners: ((state: SystemState) => void)[] = [];
  readonly #checkpointListeners: ((event: CheckpointEvent) => void)[] = [];
  readonly #processListeners: ProcessListener[] = [];
  readonly #watch: (child: SpawnedProcess) => void;
  readonly #now: () => number;
  readonly #vertices: JobShape["vertices"];
  /** Names of the workers that the coordinator has; null: it has not said yet. */
  #registered: ReadonlySet<string> | null = null;
  /** Names of workers that it had once. */
  readonly #known = new Set<string>();
  #replacements = 0;
  /** When the latest ones were started, at most `MAX_REPLACEMENTS`, oldest first. */
  #recentUs: number[] = [];
  #closed = false;

  /** `watch` is called with every process that is started from now on; `now`: monotonic µs; `vertices`: which tasks are replicas. */
  constructor(
    cluster: Cluster,
    replaces: boolean,
    watch: (child: SpawnedProcess) => void,
    now = monotonicUs,
    vertices: JobShape["vertices"] = {},
  ) {
    this.#vertices = vertices;
    this.#cluster = cluster;
    this.#replaces = replaces;
    this.#places = [...cluster.workers];
    this.#spares = [...cluster.spares];
    this.#watch = watch;
    this.#now = now;
  }

  places(): readonly FaultPlace[] {
    const { processes, zones } = this.#cluster;
    const workers = this.#places.map((child, n) => {
      return place(`worker/${n + 1}`, this.#isThere(child) ? child : undefined, zones.get(child.role));
    });
    const coordinator = processes.find(({ role }) => role === "coordinator");
    return [...workers, place("coordinator", coordinator)];
  }

  expectEnd(pid: number, untilUs = Number.POSITIVE_INFINITY): void {
    this.#expected.set(pid, untilUs);
  }

  isExpected(pid: number): boolean {
    return (this.#expected.get(pid) ?? Number.NEGATIVE_INFINITY) >= this.#now();
  }

  /** A process has ended whose end was wanted. */
  onExpectedEnd(pid: number): void {
    const lost = [...this.#places, ...this.#spares].find((child) => child.pid === pid);
    if (lost !== undefined) this.#replace(lost);
  }

  /** The coordinator's workers have changed. One that was struck and is no longer among them, though it still runs, was given up. */
  onWorkers(names: readonly string[]): void {
    this.#registered = new Set(names);
    for (const name of names) this.#known.add(name);
    for (const child of [...this.#places, ...this.#spares]) {
      const { role, pid } = child;
      if (!this.#known.has(role) || this.#registered.has(role) || !this.isExpected(pid)) continue;
      // It ends by itself when it finds out, and that may be long from now.
      this.expectEnd(pid);
      this.#replace(child);
    }
  }

  onJobState({ state, attempt, atUs, failure, restored }: JobStateMessage): void {
    const troubled = state === "restarting" || state === "failing" || state === "failed";
    const told = { state: `job ${state}`, attempt, atUs, troubled, cause: failure?.message ?? null };
    this.#tell({ ...told, running: state === "running", ...(restored === undefined ? {} : { restored }) });
  }

  /** The connection to the coordinator has broken. */
  onCoordinatorLost(cause: string): void {
    this.#tell({ state: "coordinator lost", attempt: 0, atUs: this.#now(), troubled: true, running: false, cause });
  }

  onCheckpointPhase(event: CheckpointEvent): void {
    for (const listener of this.#checkpointListeners) listener(event);
  }

  /** The job goes on with the siblings: it is struck and runs at once. */
  onReplicaLoss({ attempt, vertex, subtask, atUs, failure }: ReplicaLossMessage): void {
    const state = `replica ${taskName(this.#vertices, vertex, subtask)} lost, its siblings go on`;
    const told = { state, attempt, atUs, troubled: true, running: true, cause: failure.message };
    for (const listener of this.#stateListeners) listener(told);
  }

  onState(listener: (state: SystemState) => void): void {
    this.#stateListeners.push(listener);
  }

  onCheckpoint(listener: (event: CheckpointEvent) => void): void {
    this.#checkpointListeners.push(listener);
  }

  onProcess(listener: ProcessListener): void {
    this.#processListeners.push(listener);
  }

  /** Nothing is replaced any more. */
  close(): void {
    this.#closed = true;
  }

  #isThere({ role }: SpawnedProcess): boolean {
    return this.#registered === null || this.#registered.has(role);
  }

  /** Puts a spare worker, or else the new one, where this one was. The new one is in the zone of the lost one. */
  #replace(lost: SpawnedProcess): void {
    if (!this.#replaces || this.#closed || !this.#isWithinRate()) return;
    this.#replacements++;
    const first = this.#cluster.workers.length + this.#cluster.spares.length;
    const child = this.#cluster.startWorker(`worker-${first + this.#replacements}`, this.#cluster.zones.get(lost.role));
    const spare = this.#spares.indexOf(lost);
    if (spare >= 0) this.#spares[spare] = child;
    else {
      const free = this.#spares.find((one) => this.#isThere(one));
      if (free !== undefined) this.#spares[this.#spares.indexOf(free)] = child;
      this.#places[this.#places.indexOf(lost)] = free ?? child;
    }
    this.#watch(child);
    for (const listener of this.#processListeners) listener({ role: child.role, pid: child.pid });
  }

  /** One more may be started now; then it counts. */
  #isWithinRate(): boolean {
    const nowUs = this.#now();
    this.#recentUs = this.#recentUs.filter((startedUs) => nowUs - startedUs < REPLACEMENT_SPAN_US);
    if (this.#recentUs.length >= MAX_REPLACEMENTS) return false;
    this.#recentUs.push(nowUs);
    return true;
  }

  #tell(state: SystemState): void {
    for (const listener of this.#stateListeners) listener(state);
  }
}

function place(name: string, child: SpawnedProcess | undefined, zone?: string): FaultPlace {
  if (child === undefined) return { name, process: null };
  const { role, pid } = child;
  return { name, process: { role, pid, name: role, ...(zone === undefined ? {} : { zone }) } };
}
