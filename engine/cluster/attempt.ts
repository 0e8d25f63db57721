import type { PhysicalPlan } from "../dataflow/plan.ts";
import type { OutputQuestion } from "../replication/output-hashes.ts";
import { DivergenceDesk } from "./divergence-desk.ts";
import type { JobOrder } from "./job-effects.ts";
import type { JobStart } from "./job-recovery.ts";
import type { JobSpec } from "./job-spec.ts";
import type { CoordinatorToWorker, Failure, TaskPlacement } from "./messages.ts";
import { placeTasks } from "./placement.ts";
import { TaskTable } from "./task-table.ts";
import type { WorkerAddress } from "./worker-pools.ts";

interface AttemptSettings {
  readonly number: number;
  readonly epoch: number;
  readonly spec: JobSpec;
  readonly plan: PhysicalPlan;
  readonly workers: readonly WorkerAddress[];
  readonly start: JobStart;
  /** Nothing is to run: only sinks are placed. */
  readonly resolves: boolean;
  readonly send: (worker: string, message: CoordinatorToWorker) => void;
  readonly after: (delayUs: number, callback: () => void) => void;
  readonly fail: (failure: Failure) => void;
}

/** The plan's vertices that end in a sink. */
function sinksOf({ plan, spec }: Pick<AttemptSettings, "plan" | "spec">): PhysicalPlan {
  const isSink = (operator: string) => Object.hasOwn(spec.sinks, operator);
  return { ...plan, vertices: plan.vertices.filter(({ operators }) => operators.some(isSink)) };
}

/** One attempt to run a job: its tasks, where they are, and the orders to their workers. */
export class Attempt {
  readonly number: number;
  readonly start: JobStart;
  readonly tasks: TaskTable;
  /** Where its replicas are compared. */
  readonly outputs: DivergenceDesk;
  readonly #settings: AttemptSettings;
  readonly #placements: readonly TaskPlacement[];
  readonly #undeployed: Set<string>;

  /** `job-invalid` when the plan does not fit on the workers. */
  constructor(settings: AttemptSettings) {
    this.#settings = settings;
    this.number = settings.number;
    this.start = settings.start;
    this.#placements = placeTasks(settings.resolves ? sinksOf(settings) : settings.plan, settings.workers);
    this.tasks = new TaskTable(settings.plan, this.#placements);
    const { plan, after, fail } = settings;
    this.outputs = new DivergenceDesk({
      plan,
      isSound: (vertex, subtask) => this.tasks.isSound(vertex, subtask),
      ask: (vertex, subtask, question) => this.#ask(vertex, subtask, question),
      after,
      fail,
    });
    this.#undeployed = new Set(this.#placements.map(({ worker }) => worker));
  }

  /** All workers that are left have built their tasks. */
  get isDeployed(): boolean {
    return this.#undeployed.size === 0;
  }

  /** Workers that have not built their tasks. */
  get undeployed(): readonly string[] {
    return [...this.#undeployed];
  }

  /** How many workers it began on. */
  get workers(): number {
    return this.#settings.workers.length;
  }

  deploy(): void {
    const { epoch, spec: job, resolves, send } = this.#settings;
    const { number: attempt } = this;
    const { restore, fromEnd } = this.start;
    const placements = this.#placements;
    for (const worker of this.tasks.liveWorkers) {
      send(worker, {
        type: "deploy",
        epoch,
        attempt,
        job,
        placements,
        restore,
        fromEnd,
        ...(resolves ? { resolves } : {}),
      });
    }
  }

  onDeployed(worker: string): void {
    this.#undeployed.delete(worker);
  }

  /** Its tasks that had not ended have failed with it; returns them. */
  loseWorker(worker: string): readonly TaskPlacement[] {
    this.#undeployed.delete(worker);
    return this.tasks.loseWorker(worker);
  }

  /** Asks a task what it has sent; false: its worker is gone. */
  #ask(vertex: string, subtask: number, question: OutputQuestion): boolean {
    const placement = this.#placements.find((one) => one.vertex === vertex && one.subtask === subtask);
    if (placement === undefined || !this.tasks.liveWorkers.includes(placement.worker)) return false;
    const about = { epoch: this.#settings.epoch, jobId: this.#settings.spec.jobId, attempt: this.number };
    this.#settings.send(placement.worker, { type: "describeOutput", ...about, vertex, subtask, question });
    return true;
  }

  /** Tells all workers that are left. */
  order(order: JobOrder): void {
    const about = { epoch: this.#settings.epoch, jobId: this.#settings.spec.jobId, attempt: this.number };
    for (const worker of this.tasks.liveWorkers) this.#settings.send(worker, { ...order, ...about });
  }
}
