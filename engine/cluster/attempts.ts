import { present } from "../../base/assert.ts";
import type { LogicalGraph } from "../dataflow/graph.ts";
import type { PhysicalPlan } from "../dataflow/plan.ts";
import { Attempt } from "./attempt.ts";
import type { JobEffects } from "./job-effects.ts";
import type { JobRecovery, JobStart, RecoveryEffects } from "./job-recovery.ts";
import type { JobSpec } from "./job-spec.ts";
import type { Failure } from "./messages.ts";
import { NextAttempt } from "./next-attempt.ts";
import { planOfJob, snapshotShape } from "./plan-of-job.ts";
import { Resolution } from "./resolution.ts";
import { chooseWorkers, placementProblem, type WorkerAddress } from "./worker-pools.ts";

interface AttemptsSettings {
  readonly spec: JobSpec;
  /** The first attempt begins when so many are there; later ones wait `workersWaitUs` for them, then take those that are. */
  readonly workersWanted: number;
  readonly firstNumber: number;
  readonly epoch: number;
  readonly effects: JobEffects;
  /** Something has changed that an attempt waited for. */
  readonly onChange: () => void;
  /** There is no place to begin. */
  readonly onFailure: (failure: Failure) => void;
  /** Some worker neither builds its tasks nor dies: the present attempt cannot start. */
  readonly onUndeployed: (failure: Failure) => void;
}

/** The attempts to run one job, one after the other, and what must be there before one can begin: plan, workers, a place to start. */
export class Attempts {
  readonly #settings: AttemptsSettings;
  #number: number;
  #current: Attempt | null = null;
  #loaded: (Pick<RecoveryEffects, "fail"> & { readonly plan: PhysicalPlan; readonly recovery: JobRecovery }) | null =
    null;
  #next: NextAttempt | null = null;
  #available: readonly WorkerAddress[] = [];
  /** The next attempt does with fewer workers than are wanted. */
  #takesFewer = false;
  #resolution: Resolution | null = null;

  constructor(settings: AttemptsSettings) {
    this.#settings = settings;
    this.#number = settings.firstNumber;
  }

  /** Number of the attempt that workers report about, or of the first one. */
  get number(): number {
    return this.#resolution?.attempt?.number ?? this.#number;
  }

  /** Number of the latest attempt that was to run, or of the first one. */
  get lastNumber(): number {
    return this.#number;
  }

  /** The attempt that workers report about. */
  get current(): Attempt | null {
    return this.#resolution?.attempt ?? this.#current;
  }

  /** The latest attempt that was to run. */
  get last(): Attempt | null {
    return this.#current;
  }

  /** null: the job is not loaded yet. */
  get recovery(): JobRecovery | null {
    return this.#loaded?.recovery ?? null;
  }

  /** Tasks of the present attempt that have not ended. */
  get open(): readonly string[] {
    return this.current?.tasks.open ?? [];
  }

  /** Workers that the present attempt was begun without, of those that are wanted. */
  get workersMissing(): number {
    return this.#current === null ? 0 : this.#settings.workersWanted - this.#current.workers;
  }

  /** Why the next attempt has not begun, in words. */
  get missing(): string {
    if (this.#next?.isPlaceKnown !== true) return "the checkpoint store does not tell where to begin";
    if (this.#available.length === 0 || this.#loaded === null) return "there is no worker";
    const { plan } = this.#loaded;
    const workers = chooseWorkers(plan, this.#available, this.#settings.workersWanted);
    return (
      placementProblem(plan, workers)?.message ??
      `only ${workers.length} of ${this.#settings.workersWanted} workers are there`
    );
  }

  /** The workers that are there, in order of registration. */
  setWorkers(workers: readonly WorkerAddress[]): void {
    this.#available = workers;
  }

  /** The job's graph is there. `job-invalid` when it cannot be planned. */
  load(graph: LogicalGraph, effects: RecoveryEffects): void {
    const plan = planOfJob(graph, this.#settings.spec);
    const recovery = this.#settings.effects.recovery(snapshotShape(plan), effects);
    this.#loaded = { plan, recovery, fail: (failure) => effects.fail(failure) };
  }

  /** Finds out where another attempt is to begin, `delayUs` from now at the earliest. `overdue` is called when none has begun in time. */
  prepare(delayUs: number, limitUs: number | null, overdue: () => void): void {
    const { effects, onChange, onFailure } = this.#settings;
    const after = (us: number, callback: () => void) => effects.after(us, callback);
    const recovery = present(this.recovery, "recovery of a loaded job");
    const proposed = this.#current === null ? this.#number : this.#number + 1;
    const next = new NextAttempt(delayUs, { recovery, proposed, after, onChange, onFailure });
    this.#next = next;
    if (limitUs === null) return;
    const { workersWaitUs } = this.#settings.spec.options;
    this.#takesFewer = workersWaitUs === 0;
    if (!this.#takesFewer) {
      after(workersWaitUs, () => {
        if (this.#next !== next) return;
        this.#takesFewer = true;
        onChange();
      });
    }
    after(Math.max(delayUs, workersWaitUs) + limitUs, () => {
      if (this.#next === next) overdue();
    });
  }

  /** Ends what the attempts have left open in logs, after the last of them; true when that is over, with success or without. */
  resolve(): boolean {
    const { recovery } = this;
    if (recovery?.leavesTransactions !== true) return true;
    const { effects, onChange, workersWanted } = this.#settings;
    const { plan } = present(this.#loaded, "plan of a loaded job");
    this.#resolution ??= new Resolution({
      recovery,
      proposed: this.#number + 1,
      after: (us, callback) => effects.after(us, callback),
      make: (start) => this.#make(start, chooseWorkers(plan, this.#available, workersWanted), true),
      onChange,
    });
    return this.#resolution.advance(this.#available.length > 0);
  }

  /** Nothing is left open, as far as is known. */
  get isResolved(): boolean {
    return this.recovery?.leavesTransactions !== true || this.#resolution?.isResolved === true;
  }

  /** A worker has built its tasks, or is lost. */
  onDeployed(): void {
    this.#resolution?.onDeployed();
  }

  /** None is to begin any more. */
  abandon(): void {
    this.#next?.abandon();
    this.#next = null;
  }

  /** Makes the next attempt if it can begin now; null: something is missing. `job-invalid` when its workers are not enough for it. */
  begin(): Attempt | null {
    const { spec, effects, workersWanted } = this.#settings;
    const start = this.#next?.start ?? null;
    if (start === null || this.#loaded === null) return null;
    const { plan } = this.#loaded;
    const workers = chooseWorkers(plan, this.#available, workersWanted);
    if (workers.length < (this.#takesFewer ? 1 : workersWanted)) return null;
    // The first attempt fails on workers that cannot run it, later ones wait for others.
    if (this.#current !== null && placementProblem(plan, workers) !== null) return null;
    this.#number = start.attempt;
    this.#next = null;
    const attempt = this.#make(start, workers);
    this.#current = attempt;
    effects.after(spec.options.deployTimeoutUs, () => this.#limitDeployment(attempt));
    return attempt;
  }

  #make(start: JobStart, workers: readonly WorkerAddress[], resolves = false): Attempt {
    const { spec, epoch, effects } = this.#settings;
    const { plan, fail } = present(this.#loaded, "plan of a loaded job");
    effects.attemptBegins(start.attempt);
    const attempt: Attempt = new Attempt({
      number: start.attempt,
      epoch,
      spec,
      plan,
      workers,
      start,
      resolves,
      send: (worker, message) => effects.send(worker, message),
      after: (delayUs, callback) => effects.after(delayUs, callback),
      fail: (failure) => {
        if (this.#current === attempt) fail(failure);
      },
    });
    return attempt;
  }

  #limitDeployment(attempt: Attempt): void {
    if (this.#current !== attempt || attempt.isDeployed) return;
    const { spec, onUndeployed } = this.#settings;
    const silent = attempt.undeployed.join(", ");
    const message = `not deployed within ${spec.options.deployTimeoutUs / 1e6} s: no answer of ${silent}`;
    onUndeployed({ code: "job-failed", message });
  }
}
