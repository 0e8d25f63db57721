import { present } from "../../base/assert.ts";
import type { LogicalGraph } from "../dataflow/graph.ts";
import type { PhysicalPlan } from "../dataflow/plan.ts";
import { Attempt } from "./attempt.ts";
import type { JobEffects } from "./job-effects.ts";
import type { JobRecovery, RecoveryEffects } from "./job-recovery.ts";
import type { JobSpec } from "./job-spec.ts";
import type { Failure } from "./messages.ts";
import { NextAttempt } from "./next-attempt.ts";
import { type WorkerAddress, workersNeeded } from "./placement.ts";
import { planOfJob, snapshotShape } from "./plan-of-job.ts";

interface AttemptsSettings {
  readonly spec: JobSpec;
  /** The first attempt begins when so many are there; later ones with those that are, at most as many. */
  readonly workersWanted: number;
  readonly firstNumber: number;
  readonly epoch: number;
  readonly effects: JobEffects;
  /** Something has changed that an attempt waited for. */
  readonly onChange: () => void;
  /** There is no place to begin. */
  readonly onFailure: (failure: Failure) => void;
}

/** The attempts to run one job, one after the other, and what must be there before one can begin: plan, workers, a place to start. */
export class Attempts {
  readonly #settings: AttemptsSettings;
  #number: number;
  #current: Attempt | null = null;
  #loaded: { readonly plan: PhysicalPlan; readonly recovery: JobRecovery } | null = null;
  #next: NextAttempt | null = null;
  #available: readonly WorkerAddress[] = [];

  constructor(settings: AttemptsSettings) {
    this.#settings = settings;
    this.#number = settings.firstNumber;
  }

  /** Number of the present attempt, or of the first one. */
  get number(): number {
    return this.#number;
  }

  get current(): Attempt | null {
    return this.#current;
  }

  /** null: the job is not loaded yet. */
  get recovery(): JobRecovery | null {
    return this.#loaded?.recovery ?? null;
  }

  /** Tasks of the present attempt that have not ended. */
  get open(): readonly string[] {
    return this.#current?.tasks.open ?? [];
  }

  /** Where the next attempt begins. */
  get isPlaceKnown(): boolean {
    return this.#next?.isPlaceKnown === true;
  }

  /** The workers that are there, in order of registration. */
  setWorkers(workers: readonly WorkerAddress[]): void {
    this.#available = workers;
  }

  /** The job's graph is there. `job-invalid` when it cannot be planned. */
  load(graph: LogicalGraph, effects: RecoveryEffects): void {
    const plan = planOfJob(graph, this.#settings.spec);
    this.#loaded = { plan, recovery: this.#settings.effects.recovery(snapshotShape(plan), effects) };
  }

  /** Finds out where another attempt is to begin, `delayUs` from now at the earliest. `overdue` is called when none has begun in time. */
  prepare(delayUs: number, limitUs: number | null, overdue: () => void): void {
    const { effects, onChange, onFailure } = this.#settings;
    const after = (us: number, callback: () => void) => effects.after(us, callback);
    const recovery = present(this.recovery, "recovery of a loaded job");
    const next = new NextAttempt(delayUs, { recovery, after, onChange, onFailure });
    this.#next = next;
    if (limitUs === null) return;
    after(delayUs + limitUs, () => {
      if (this.#next === next) overdue();
    });
  }

  /** None is to begin any more. */
  abandon(): void {
    this.#next?.abandon();
    this.#next = null;
  }

  /** Makes the next attempt if it can begin now; null: something is missing. `job-invalid` when its workers are not enough for it. */
  begin(): Attempt | null {
    const { spec, epoch, effects, workersWanted } = this.#settings;
    const start = this.#next?.start ?? null;
    if (start === null || this.#loaded === null) return null;
    const needed = this.#current === null ? workersWanted : workersNeeded(this.#loaded.plan);
    if (this.#available.length < needed) return null;
    if (this.#current !== null) this.#number = effects.nextAttempt();
    this.#next = null;
    this.#current = new Attempt({
      number: this.#number,
      epoch,
      spec,
      plan: this.#loaded.plan,
      workers: this.#available.slice(0, workersWanted),
      start,
      send: (worker, message) => effects.send(worker, message),
    });
    return this.#current;
  }
}
