import { unreachable } from "../../base/assert.ts";
import type { Connection, World } from "../ports.ts";
import { sendControl } from "./control-codec.ts";
import { CountersDesk } from "./counters-desk.ts";
import type { JobOrder } from "./job-effects.ts";
import { type CheckpointListener, JobRecovery } from "./job-recovery.ts";
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

type JobStateMessage = Extract<CoordinatorToClient, { readonly type: "jobState" }>;
/** What workers say of their tasks. */
export type JobReport = Exclude<WorkerToCoordinator, { readonly type: "register" | "counters" }>;
export type JobRequest = Exclude<ClientToCoordinator, { readonly type: "shutdown" }>;

/** Where clients' requests and workers' reports about jobs meet; one job at a time. Exists while the coordinator leads. */
export class JobDesk {
  readonly #parts: JobDeskParts;
  #run: JobRun | null = null;
  #lastState: JobStateMessage | null = null;
  #attempts = 0;
  readonly #counters: CountersDesk;
  readonly #ticks: JobTicks;
  readonly #spares: SpareWorkers;

  constructor(parts: JobDeskParts) {
    this.#parts = parts;
    this.#spares = new SpareWorkers((worker, job) => this.#send(worker, { type: "prepare", epoch: parts.epoch, job }));
    this.#counters = new CountersDesk((worker, jobId) =>
      this.#send(worker, { type: "report", epoch: parts.epoch, jobId }),
    );
    this.#ticks = new JobTicks(parts.world);
  }

  /** What a new client should know of the present job; null before the first. */
  get lastState(): JobStateMessage | null {
    return this.#lastState;
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

  /** The cluster is about to end: so is the job. */
  stop(): void {
    this.#run?.cancel();
  }

  #submit(job: JobSpec, workers: number): Failure | null {
    if (this.#run !== null && !this.#run.ended) {
      return { code: "job-invalid", message: `job "${this.#run.spec.jobId}" is still ${this.#run.state}` };
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
      replicaLost: ({ vertex, subtask, worker }, failure) => {
        const { world, broadcast } = this.#parts;
        const { jobId } = job;
        const loss = { jobId, attempt: this.#run?.attempt ?? 0, vertex, subtask, worker, failure };
        world.journal.write("replicaLost", loss);
        broadcast({ type: "replicaLoss", ...loss, atUs: world.clock.nowUs() });
      },
      after: (delayUs, callback) => {
        this.#parts.world.timers.after(delayUs, callback);
      },
      recovery: (shape, effects) => {
        const order = (told: JobOrder) => {
          effects.order(told);
          if (told.type === "checkpoint") this.#ticks.flag(told.checkpointId);
        };
        return new JobRecovery(job, shape, this.#parts.world, { ...effects, order }, this.#checkpointListener(job));
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
    const { jobId } = run.spec;
    const { lastAttempt: attempt } = run;
    const atUs = this.#parts.world.clock.nowUs();
    const cause = failure === null ? {} : { failure };
    const restored = run.restored === null ? {} : { restored: run.restored };
    const { workersMissing } = run;
    const fewer = state === "deploying" && workersMissing > 0 ? { workersMissing } : {};
    this.#lastState = { type: "jobState", jobId, attempt, state, atUs, ...restored, ...fewer, ...cause };
    this.#parts.world.journal.write("jobState", { jobId, attempt, state, ...fewer, ...cause });
    this.#parts.broadcast(this.#lastState);
    this.#ticks.regulate(run);
    this.#prepareSpares();
    if (state === "failing" || state === "cancelling" || state === "restarting") this.#limitEnd(run);
  }

  #checkpointListener({ jobId }: JobSpec): CheckpointListener {
    const { world, broadcast } = this.#parts;
    return {
      onPhase: (checkpointId, phase) => {
        const attempt = this.#run?.attempt ?? 0;
        broadcast({ type: "checkpointPhase", jobId, attempt, checkpointId, phase, atUs: world.clock.nowUs() });
      },
      onReport: (report) => broadcast({ type: "checkpointReport", jobId, report }),
    };
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
