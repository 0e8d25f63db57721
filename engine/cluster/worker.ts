import { unreachable } from "../../base/assert.ts";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { CallOut, Connection, World } from "../ports.ts";
import { sendControl } from "./control-codec.ts";
import { Exchange } from "./exchange.ts";
import { JobHost } from "./job-host.ts";
import type { LoadJob } from "./load-job.ts";
import { readToWorker } from "./message-shapes.ts";
import type { CoordinatorToWorker, LivenessToCoordinator, WorkerToCoordinator } from "./messages.ts";

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
  /** Host, rack or zone that it fails together with: no two replicas of a group are placed in one. */
  readonly zone?: string | undefined;
}

const CONNECT_RETRY_US = 50_000;

/**
 * A worker process: registers with the coordinator, runs the tasks it is told to, reports their states. One job attempt at a time.
 * Refuses what comes from an older epoch. Ends when the coordinator says so or is gone.
 */
export class Worker {
  readonly #world: World;
  readonly #config: WorkerConfig;
  readonly #exchange: Exchange;
  readonly #jobs: JobHost;
  #coordinator: Connection | null = null;
  #epoch = 0;
  #registered = false;
  #ended = false;
  #beganUs = 0;
  #turns = 0;

  constructor(world: World, config: WorkerConfig) {
    this.#world = world;
    this.#config = config;
    this.#exchange = new Exchange(config.worker, world, {
      onFrame: (frame, link) => this.#jobs.onFrame(frame, link),
      onWritable: () => this.#jobs.onWritable(),
      onPeerLost: (attempt, peer, direction, error) => this.#jobs.onPeerLost(attempt, peer, direction, error),
      onTurn: () => this.#turns++,
    });
    this.#jobs = new JobHost(config.worker, {
      clock: world.clock,
      timers: {
        after: (delayUs, callback) => world.timers.after(delayUs, () => this.#turn(callback)),
        soon: (callback) => world.timers.soon(() => this.#turn(callback)),
      },
      log: world.log,
      ...(world.election === undefined ? {} : { election: world.election }),
      store: world.store,
      ...(world.localStore === undefined ? {} : { localStore: world.localStore }),
      journal: world.journal,
      ...(world.files === undefined ? {} : { files: world.files }),
      ...(world.scratch === undefined ? {} : { scratch: world.scratch }),
      ...(world.callOut === undefined ? {} : { callOut: this.#turning(world.callOut) }),
      loadJob: config.loadJob,
      exchange: this.#exchange,
      send: (message) => this.#send(message),
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

  /** Leaves the coordinator first, so that nobody deploys here any more, then ends what runs, and the process in good order. */
  stop(): void {
    if (this.#ended) return;
    const coordinator = this.#coordinator;
    this.#coordinator = null;
    coordinator?.close();
    this.#end();
    this.#world.processes.exit();
  }

  #connect(): void {
    const { worker, pid, zone, coordinatorAddress, livenessIntervalUs } = this.#config;
    const connection = this.#world.network.connect(coordinatorAddress, {
      onMessage: (bytes) => this.#turn(() => this.#onBytes(bytes)),
      onDrain: () => {},
      onClosed: (error) => this.#onCoordinatorGone(error),
    });
    this.#coordinator = connection;
    this.#send({ type: "register", worker, address: this.#world.network.address, pid, zone });
    if (livenessIntervalUs !== null) this.#sendAlive(connection, livenessIntervalUs);
  }

  #sendAlive(connection: Connection, intervalUs: number): void {
    if (this.#coordinator !== connection || this.#ended) return;
    const alive: LivenessToCoordinator = { type: "alive", worker: this.#config.worker, progress: this.#turns };
    sendControl(connection, alive);
    this.#world.timers.after(intervalUs, () => this.#turn(() => this.#sendAlive(connection, intervalUs)));
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

  /** What is no message is the sender's fault and passed over; a failure to do what a message says is this worker's own, and its end. */
  #onBytes(bytes: Uint8Array): void {
    if (this.#ended) return;
    let message: CoordinatorToWorker;
    try {
      message = readToWorker(bytes);
    } catch (error) {
      this.#world.journal.write("badMessage", { message: asFaultlineError(error, "cluster-protocol").message });
      return;
    }
    try {
      this.#onMessage(message);
    } catch (error) {
      this.#world.processes.abort(asFaultlineError(error));
    }
  }

  #onMessage(message: CoordinatorToWorker): void {
    if (message.epoch < this.#epoch) {
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
        this.#jobs.deploy(message);
        return;
      case "prepare":
        this.#jobs.prepare(message.job);
        return;
      case "start":
        this.#jobs.start(message);
        return;
      case "resolve":
        this.#jobs.resolve(message);
        return;
      case "drain":
        this.#jobs.drain(message);
        return;
      case "cancel":
        this.#jobs.cancel(message);
        return;
      case "checkpoint":
        this.#jobs.checkpoint(message);
        return;
      case "checkpointComplete":
        this.#jobs.completeCheckpoint(message);
        return;
      case "checkpointAborted":
        this.#jobs.abortCheckpoint(message);
        return;
      case "replicaLost":
        this.#jobs.onReplicaLost(message);
        return;
      case "describeOutput":
        this.#jobs.describeOutput(message);
        return;
      case "report":
        this.#jobs.report(message.jobId);
        return;
      case "shutdown":
        this.stop();
        return;
      default:
        unreachable(message, "message");
    }
  }

  #send(message: WorkerToCoordinator): void {
    if (this.#coordinator !== null) sendControl(this.#coordinator, message);
  }

  #turning(callOut: CallOut): CallOut {
    return {
      call: (endpoint, request, done) =>
        callOut.call(endpoint, request, (error, response) => this.#turn(() => done(error, response))),
    };
  }

  #turn(work: () => void): void {
    this.#turns++;
    work();
  }

  #end(): void {
    this.#ended = true;
    this.#jobs.close();
    this.#exchange.close();
  }
}
