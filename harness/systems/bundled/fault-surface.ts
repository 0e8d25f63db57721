import type { JobStateMessage } from "../../../engine/shell/cluster-client.ts";
import type { FaultProcess, FaultSurface, SpawnedProcess, SystemState } from "../system.ts";
import type { Cluster } from "./cluster.ts";

/** Replacements of one worker before it stays away: a worker that cannot start must not be started for ever. */
const MAX_REPLACEMENTS = 20;

type ProcessListener = Parameters<FaultSurface["onProcess"]>[0];

/**
 * The worker processes as places that can be struck. Where the job recovers, a killed worker is replaced at once by a new process
 * of another name in the same place, as a supervisor would.
 */
export class BundledFaultSurface implements FaultSurface {
  readonly #cluster: Cluster;
  readonly #replaces: boolean;
  /** By place: who serves there now. */
  readonly #places: SpawnedProcess[];
  readonly #expected = new Set<number>();
  readonly #stateListeners: ((state: SystemState) => void)[] = [];
  readonly #processListeners: ProcessListener[] = [];
  readonly #watch: (child: SpawnedProcess) => void;
  #replacements = 0;
  #closed = false;

  /** `watch` is called with every process that is started from now on. */
  constructor(cluster: Cluster, replaces: boolean, watch: (child: SpawnedProcess) => void) {
    this.#cluster = cluster;
    this.#replaces = replaces;
    this.#places = [...cluster.workers];
    this.#watch = watch;
  }

  target(role: string, number: number): FaultProcess | null {
    const child = role === "worker" ? this.#places[number - 1] : undefined;
    return child === undefined ? null : { role: child.role, pid: child.pid, name: child.role };
  }

  expectEnd(pid: number): void {
    this.#expected.add(pid);
  }

  isExpected(pid: number): boolean {
    return this.#expected.has(pid);
  }

  /** A process has ended whose end was wanted. */
  onExpectedEnd(pid: number): void {
    const place = this.#places.findIndex((child) => child.pid === pid);
    if (place < 0 || !this.#replaces || this.#closed || this.#replacements >= MAX_REPLACEMENTS) return;
    this.#replacements++;
    const child = this.#cluster.startWorker(`worker-${this.#places.length + this.#replacements}`);
    this.#places[place] = child;
    this.#watch(child);
    for (const listener of this.#processListeners) listener({ role: child.role, pid: child.pid });
  }

  onJobState({ state, attempt, atUs, failure }: JobStateMessage): void {
    const troubled = state === "restarting" || state === "failing" || state === "failed";
    const running = state === "running";
    const told = { state: `job ${state}`, attempt, atUs, troubled, running, cause: failure?.message ?? null };
    for (const listener of this.#stateListeners) listener(told);
  }

  onState(listener: (state: SystemState) => void): void {
    this.#stateListeners.push(listener);
  }

  onProcess(listener: ProcessListener): void {
    this.#processListeners.push(listener);
  }

  /** Nothing is replaced any more. */
  close(): void {
    this.#closed = true;
  }
}
