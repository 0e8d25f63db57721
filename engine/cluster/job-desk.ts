import { unreachable } from "../../base/assert.ts";
import type { Connection, World } from "../ports.ts";
import { sendControl } from "./control-codec.ts";
import { CountersDesk } from "./counters-desk.ts";
import type { JobOrder } from "./job-effects.ts";
import { JobNews } from "./job-news.ts";
import { JobRecovery } from "./job-recovery.ts";
import { JobRun } from "./job-run.ts";
import type { JobSpec } from "./job-spec.ts";
import { JobTicks } from "./job-ticks.ts";
import type { LoadJob } from "./load-job.ts";
import { jobSpecProblem } from "./message-shapes.ts";
import type {
  ClientToCoordinator,
  CoordinatorToClient,
  CoordinatorToWorker,
  Failure,
  JobState,
  TaskCounters,
  WorkerToCoordinator,
} from "./messages.ts";
import { SpareWorkers } from "./spare-workers.ts";
import type { WorkerRegistry } from "./worker-registry.ts";

export interface JobDeskParts {
  readonly world: World;
  readonly loadJob: LoadJob;
  readonly epoch: number;
  readonly workers: WorkerRegistry;
  /** To every client. */
  readonly broadcast: (message: CoordinatorToClient) => void;
  /** Does without a worker from now on. */
  readonly expel: (worker: string, why: string) => void;
}

/** Longest that workers may take to end their tasks when told to, before the job goes on without them. */
const CANCEL_TIMEOUT_US = 10_000_000;

/** What workers say of their tasks. */
export type JobReport = Exclude<WorkerToCoordinator, { readonly type: "register" | "counters" }>;
export type JobRequest = Exclude<ClientToCoordinator, { readonly type: "shutdown" }>;

/** Where clients' requests and workers' reports about jobs meet; one job at a time. Exists while the coordinator leads. */
export class JobDesk {
  readonly #parts: JobDeskParts;
  #run: JobRun | null = null;
  /** Waits for the end of the last job; null: others may come. */
  #onStopped: (() => void) | null = null;
  #attempts = 0;
  readonly #news: JobNews;
  readonly #counters: CountersDesk;
  readonly #ticks: JobTicks;
  readonly #spares: SpareWorkers;

  constructor(parts: JobDeskParts) {
    this.#parts = parts;
    this.#news = new JobNews(parts.world, parts.broadcast);
    this.#spares = new SpareWorkers((worker, job) => this.#send(worker, { type: "prepare", epoch: parts.epoch, job }));
    this.#counters = new CountersDesk((worker, jobId) =>
      this.#send(worker, { type: "report", epoch: parts.epoch, jobId }),
    );
    this.#ticks = new JobTicks(parts.world);
  }

  /** What a new client should know of the present job; null before the first. */
  get lastState(): CoordinatorToClient | null {
    return this.#news.lastState;
  }

  /** A client's request; returns why it is refused, or null. */
  onRequest(client: Connection, request: JobRequest): Failure | null {
    if (request.type === "submit") return this.#submit(request.job, request.workers);
    const run = this.#run;
    if (run === null || run.spec.jobId !== request.jobId) {
      return { code: "job-invalid", message: `there is no job "${request.jobId}"` };
    }
    switch (request.type) {
      case "drain":
        run.drain();
        return null;
      case "cancel":
        run.cancel();
        return null;
      case "counters":
        this.#counters.ask(
          client,
          request.jobId,
          run.liveWorkers.filter((worker) => this.#parts.workers.get(worker) !== undefined),
        );
        return null;
      case "savepoint":
        this.#savepoint(client, run, request.folder, request.stop);
        return null;
      default:
        return unreachable(request, "request");
    }
  }

  onReport(worker: string, report: JobReport): void {
    const run = this.#run;
    if (run === null || run.spec.jobId !== report.jobId || run.attempt !== report.attempt) {
      this.#parts.world.journal.write("staleReport", { worker, report: report.type, attempt: report.attempt });
      return;
    }
    switch (report.type) {
      case "deployed":
        run.onDeployed(worker);
        return;
      case "taskState":
        run.onTaskState(worker, report.vertex, report.subtask, report.state, report.failure ?? null);
        return;
      case "heartbeatDue":
        this.#ticks.onDue();
        return;
      case "snapshotStored":
      case "snapshotFailed":
        run.recovery?.onSnapshot(report);
        return;
      case "replicaLagging":
        run.onReplicaLagging(report.vertex, report.subtask);
        return;
      case "outputHashes":
      case "outputDescribed":
        run.outputs?.onReport(report);
        return;
      default:
        unreachable(report, "report");
    }
  }

  onCounters(worker: string, jobId: string, tasks: readonly TaskCounters[]): void {
    this.#counters.onCounters(worker, jobId, tasks);
  }

  onWorkersChanged(): void {
    this.#run?.onWorkers(this.#parts.workers.all);
    this.#prepareSpares();
  }

  /** Not while the job recovers: then there are better uses for the machine. */
  #prepareSpares(): void {
    const run = this.#run;
    if (run?.state !== "running" || (run.spec.recovery ?? "none") === "none") return;
    const workers = this.#parts.workers.all.map(({ worker }) => worker);
    this.#spares.onRunning(run.spec, workers, run.liveWorkers);
  }

  onWorkerLost(worker: string, why: string): void {
    // The list first: a restart that this loss completes must not count on the lost one.
    this.onWorkersChanged();
    this.#run?.onWorkerLost(worker, why);
    this.#counters.onWorkerLost(worker);
  }

  onClientGone(client: Connection): void {
    this.#counters.onClientGone(client);
  }

  /** The cluster is about to end: so is the job, and no other begins. `onEnded` is called when nothing of it runs any more. */
  stop(onEnded: () => void): void {
    this.#onStopped = onEnded;
    this.#run?.cancel();
    if (this.#run?.ended !== false) onEnded();
  }

  #submit(job: JobSpec, workers: number): Failure | null {
    if (this.#onStopped !== null) return { code: "job-invalid", message: "the cluster is shutting down" };
    if (this.#run !== null && !this.#run.ended) {
      return {
        code: "job-invalid",
        message: `job "${this.#run.spec.jobId}" is still ${this.#run.state}: one job runs at a time, so drain or cancel it first`,
      };
    }
    const problem = jobSpecProblem(job) ?? (Number.isInteger(workers) && workers >= 1 ? null : "workers: 1 or more");
    if (problem !== null) return { code: "job-invalid", message: `this cannot be submitted: ${problem}` };
    this.#attempts++;
    this.#counters.forget();
    this.#run = new JobRun(job, workers, this.#attempts, this.#parts.epoch, {
      load: this.#parts.loadJob,
      send: (worker, message) => this.#send(worker, message),
      transition: (state, failure) => this.#announce(state, failure),
      attemptBegins: (number) => {
        this.#attempts = Math.max(this.#attempts, number);
      },
      replicaLost: (task, failure) => {
        if (this.#run !== null) this.#news.onReplicaLost(this.#run, task, failure);
      },
      after: (delayUs, callback) => {
        this.#parts.world.timers.after(delayUs, callback);
      },
      recovery: (shape, effects) => {
        const order = (told: JobOrder) => {
          effects.order(told);
          if (told.type === "checkpoint") this.#ticks.flag(told.checkpointId);
        };
        const listener = this.#news.checkpointsOf(job.jobId, () => this.#run?.attempt ?? 0);
        return new JobRecovery(job, shape, this.#parts.world, { ...effects, order }, listener);
      },
    });
    this.#announce("created", null);
    this.#run.begin();
    this.onWorkersChanged();
    return null;
  }

  #announce(state: JobState, failure: Failure | null): void {
    const run = this.#run;
    if (run === null) return;
    this.#news.onState(run, state, failure);
    this.#ticks.regulate(run);
    this.#prepareSpares();
    if (state === "failing" || state === "cancelling" || state === "restarting") this.#limitEnd(run);
    if (run.ended) this.#onStopped?.();
  }

  #savepoint(client: Connection, run: JobRun, folder: string, stop: boolean): void {
    const { jobId } = run.spec;
    const answer = (failure: Failure | null) => {
      sendControl(client, { type: "savepointEnded", jobId, folder, ...(failure === null ? {} : { failure }) });
    };
    if (run.state === "running" && run.recovery !== null) run.recovery.savepoint(folder, stop, answer);
    else answer({ code: "job-invalid", message: `job "${jobId}" is ${run.state}: no savepoint can be taken` });
  }

  /** Workers that do not end their tasks in time, now that they have been told to, are done without. */
  #limitEnd(run: JobRun): void {
    const { attempt } = run;
    const seconds = CANCEL_TIMEOUT_US / 1e6;
    this.#parts.world.timers.after(CANCEL_TIMEOUT_US, () => {
      if (run.ended || run.attempt !== attempt) return;
      for (const worker of run.openWorkers) {
        this.#parts.expel(worker, `its tasks have not ended ${seconds} s after they were told to`);
      }
    });
  }

  #send(worker: string, message: CoordinatorToWorker): void {
    const registered = this.#parts.workers.get(worker);
    if (registered !== undefined) sendControl(registered.connection, message);
  }
}
