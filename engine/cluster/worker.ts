import { FaultlineError } from "../../base/errors.ts";
import type { LogicalGraph } from "../dataflow/graph.ts";
import { planJob } from "../dataflow/planner.ts";
import type { Connection, Timers, World } from "../ports.ts";
import { taskFailure } from "../task/task-failure.ts";
import { decodeControl, sendControl } from "./control-codec.ts";
import { Deployment } from "./deployment.ts";
import { Exchange } from "./exchange.ts";
import type { LoadJob } from "./load-job.ts";
import type { CoordinatorToWorker, Failure, LivenessToCoordinator, WorkerToCoordinator } from "./messages.ts";

export interface WorkerConfig {
  /** Unique name in the cluster. */
  readonly worker: string;
  /** Process id told to the coordinator and on to clients. */
  readonly pid: number;
  readonly coordinatorAddress: string;
  readonly loadJob: LoadJob;
  /** null: a second thread sends the liveness messages; else this worker sends them on its own, that often. */
  readonly livenessIntervalUs: number | null;
  /** How long the worker tries to reach the coordinator at its start before it gives up and aborts. */
  readonly connectTimeoutUs: number;
}

type Deploy = Extract<CoordinatorToWorker, { readonly type: "deploy" }>;

const CONNECT_RETRY_US = 50_000;

/**
 * A worker process: registers with the coordinator, runs the tasks it is told to, reports their states. One job attempt at a time.
 * Refuses what comes from an older epoch. Ends when the coordinator says so or is gone.
 */
export class Worker {
  readonly #world: World;
  readonly #config: WorkerConfig;
  readonly #exchange: Exchange;
  readonly #timers: Timers;
  #coordinator: Connection | null = null;
  #epoch = 0;
  #registered = false;
  #ended = false;
  #beganUs = 0;
  #turns = 0;
  /** What is being loaded; cleared when cancelled or replaced. */
  #loading: Deploy | null = null;
  #deployment: Deployment | null = null;

  constructor(world: World, config: WorkerConfig) {
    this.#world = world;
    this.#config = config;
    this.#timers = {
      after: (delayUs, callback) => world.timers.after(delayUs, () => this.#turn(callback)),
      soon: (callback) => world.timers.soon(() => this.#turn(callback)),
    };
    this.#exchange = new Exchange(config.worker, world, {
      onFrame: (frame, link) => {
        const deployment = this.#deployment;
        return deployment !== null && deployment.attempt === frame.attempt && deployment.onFrame(frame, link);
      },
      onWritable: () => this.#deployment?.onWritable(),
      onPeerLost: (attempt, peer, error) => this.#onPeerLost(attempt, peer, error),
      onTurn: () => this.#turns++,
    });
  }

  /** Turns taken so far (messages handled, task steps): what the liveness thread reports as `progress`. */
  get progress(): number {
    return this.#turns;
  }

  /** Frames that no task here knew. */
  get strayFrames(): number {
    return this.#exchange.strayFrames;
  }

  /** Accepts data connections, connects to the coordinator and registers. Once. */
  start(): void {
    this.#beganUs = this.#world.clock.nowUs();
    this.#world.network.accept((connection) => this.#exchange.accept(connection));
    this.#connect();
  }

  #connect(): void {
    const { worker, pid, coordinatorAddress, livenessIntervalUs } = this.#config;
    const connection = this.#world.network.connect(coordinatorAddress, {
      onMessage: (bytes) => this.#turn(() => this.#onBytes(bytes)),
      onDrain: () => {},
      onClosed: (error) => this.#onCoordinatorGone(error),
    });
    this.#coordinator = connection;
    this.#send({ type: "register", worker, address: this.#world.network.address, pid });
    if (livenessIntervalUs !== null) this.#sendAlive(connection, livenessIntervalUs);
  }

  #sendAlive(connection: Connection, intervalUs: number): void {
    if (this.#coordinator !== connection || this.#ended) return;
    const alive: LivenessToCoordinator = { type: "alive", worker: this.#config.worker, progress: this.#turns };
    sendControl(connection, alive);
    this.#world.timers.after(intervalUs, () => this.#sendAlive(connection, intervalUs));
  }

  #onCoordinatorGone(error: Error | null): void {
    this.#coordinator = null;
    if (this.#ended) return;
    const waitedUs = this.#world.clock.nowUs() - this.#beganUs;
    if (!this.#registered && waitedUs < this.#config.connectTimeoutUs) {
      this.#world.timers.after(CONNECT_RETRY_US, () => {
        if (!this.#ended) this.#connect();
      });
      return;
    }
    const reason = error === null ? "it closed the connection" : error.message;
    this.#world.journal.write("coordinatorGone", { registered: this.#registered, reason });
    const lost = new FaultlineError(
      "system-failed",
      `no coordinator at ${this.#config.coordinatorAddress}: ${reason}`,
      {
        hint: "check that the coordinator runs and that the address is right",
      },
    );
    this.#end();
    // Without a coordinator nobody can use this worker; before it had one, that is an error of whoever started it.
    if (this.#registered) this.#world.processes.exit();
    else this.#world.processes.abort(lost);
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.#ended) return;
    try {
      this.#onMessage(decodeControl(bytes) as unknown as CoordinatorToWorker);
    } catch (error) {
      const { message } = taskFailure(error, "message of the coordinator", "system-failed");
      this.#world.journal.write("badMessage", { message });
    }
  }

  #onMessage(message: CoordinatorToWorker): void {
    if (!(message.epoch >= this.#epoch)) {
      this.#world.journal.write("staleEpoch", { type: message.type, epoch: message.epoch, current: this.#epoch });
      return;
    }
    this.#epoch = message.epoch;
    switch (message.type) {
      case "registered":
        this.#registered = true;
        this.#world.journal.write("registered", { worker: this.#config.worker, epoch: message.epoch });
        return;
      case "deploy":
        this.#onDeploy(message);
        return;
      case "start":
        this.#deploymentOf(message)?.start();
        return;
      case "drain":
        this.#deploymentOf(message)?.drain();
        return;
      case "cancel":
        this.#onCancel(message);
        return;
      case "report":
        this.#onReport(message.jobId);
        return;
      case "shutdown":
        this.#end();
        this.#coordinator?.close();
        this.#world.processes.exit();
        return;
      default:
        throw new FaultlineError("system-failed", `unexpected "${String((message as { type: unknown }).type)}"`);
    }
  }

  #onDeploy(deploy: Deploy): void {
    this.#deployment?.cancel();
    this.#deployment = null;
    this.#loading = deploy;
    this.#exchange.beginAttempt(deploy.attempt);
    this.#config.loadJob(deploy.job, (error, graph) => {
      this.#turn(() => {
        if (this.#loading !== deploy || this.#ended) return;
        this.#loading = null;
        this.#onLoaded(deploy, error, graph);
      });
    });
  }

  #onLoaded(deploy: Deploy, error: Error | null, graph: LogicalGraph | null): void {
    const { job, attempt, placements } = deploy;
    const { jobId, parallelism, keyGroups } = job;
    try {
      if (graph === null) throw error ?? new FaultlineError("job-invalid", "the job's module gave no graph");
      this.#deployment = new Deployment({
        worker: this.#config.worker,
        attempt,
        job,
        placements,
        graph,
        plan: planJob(graph, { parallelism, keyGroups }),
        world: { clock: this.#world.clock, timers: this.#timers, log: this.#world.log },
        host: {
          onSnapshot: null,
          onState: ({ vertex, subtask }, state, failure) => {
            const cause = failure === null ? {} : { failure };
            if (failure !== null) this.#world.journal.write("taskFailed", { jobId, attempt, vertex, subtask, failure });
            this.#send({ type: "taskState", jobId, attempt, vertex, subtask, state, ...cause });
          },
        },
        linkToWorker: (worker, address) => this.#exchange.linkTo(worker, address),
      });
      this.#send({ type: "deployed", jobId, attempt });
    } catch (cause) {
      const failure = taskFailure(cause, `deployment on worker ${this.#config.worker}`, "job-failed");
      this.#endUndeployed(deploy, failure);
    }
  }

  /** Reports the end of tasks that were never built. */
  #endUndeployed({ job, attempt, placements }: Deploy, failure: Failure | null): void {
    for (const { vertex, subtask, worker } of placements) {
      if (worker !== this.#config.worker) continue;
      const end = failure === null ? { state: "cancelled" as const } : { state: "failed" as const, failure };
      this.#send({ type: "taskState", jobId: job.jobId, attempt, vertex, subtask, ...end });
    }
  }

  #onCancel(message: Extract<CoordinatorToWorker, { readonly type: "cancel" }>): void {
    const loading = this.#loading;
    if (loading !== null && loading.attempt === message.attempt && loading.job.jobId === message.jobId) {
      this.#loading = null;
      this.#endUndeployed(loading, null);
      return;
    }
    this.#deploymentOf(message)?.cancel();
  }

  #deploymentOf({ jobId, attempt, type }: { jobId: string; attempt: number; type: string }): Deployment | null {
    const deployment = this.#deployment;
    if (deployment !== null && deployment.jobId === jobId && deployment.attempt === attempt) return deployment;
    this.#world.journal.write("staleAttempt", { type, jobId, attempt });
    return null;
  }

  #onReport(jobId: string): void {
    const deployment = this.#deployment;
    const own = deployment !== null && deployment.jobId === jobId ? deployment : null;
    const tasks = own === null ? [] : own.counters();
    this.#send({ type: "counters", jobId, attempt: own?.attempt ?? 0, tasks });
  }

  #onPeerLost(attempt: number, peer: string, error: Error | null): void {
    const deployment = this.#deployment;
    if (deployment === null || deployment.attempt !== attempt || !deployment.active) return;
    const reason = error === null ? "it closed the connection" : error.message;
    deployment.fail(new FaultlineError("worker-lost", `the connection to worker ${peer} is lost: ${reason}`));
  }

  #send(message: WorkerToCoordinator): void {
    if (this.#coordinator !== null) sendControl(this.#coordinator, message);
  }

  #turn(work: () => void): void {
    this.#turns++;
    work();
  }

  #end(): void {
    this.#ended = true;
    this.#loading = null;
    this.#deployment?.cancel();
    this.#exchange.close();
  }
}
