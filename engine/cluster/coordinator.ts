import { present } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { Connection, ConnectionHandler, World } from "../ports.ts";
import { taskFailure } from "../task/task-failure.ts";
import { sendControl } from "./control-codec.ts";
import { JobDesk } from "./job-desk.ts";
import { LivenessWatch } from "./liveness-watch.ts";
import type { LoadJob } from "./load-job.ts";
import { readToCoordinator, type ToCoordinator } from "./message-shapes.ts";
import type { ClientToCoordinator, CoordinatorToClient, WorkerToCoordinator } from "./messages.ts";
import { Shutdown } from "./shutdown.ts";
import { WorkerRegistry } from "./worker-registry.ts";

export interface CoordinatorConfig {
  /** Candidate name in the election. */
  readonly name: string;
  /** Election group: one per cluster. */
  readonly group: string;
  readonly loadJob: LoadJob;
  /** How often workers send liveness messages, µs: how often the coordinator looks at them. */
  readonly livenessIntervalUs: number;
  /** A worker whose last liveness message is older than this is lost, µs. Counts from its first liveness message. */
  readonly livenessTimeoutUs: number;
  /** Longest wait on shutdown for the job to end, and then again for workers to leave, before the coordinator goes on anyway, µs. */
  readonly shutdownTimeoutUs: number;
}

type Registration = Extract<WorkerToCoordinator, { readonly type: "register" }>;

/** What the coordinator knows of a connection; its first message tells whose it is. */
interface Peer {
  readonly connection: Connection;
  role: "unknown" | "worker" | "client" | "liveness";
  worker: string;
}

/** Requests that may wait for the election. */
const MAX_WAITING_REQUESTS = 1024;

/**
 * The cluster's leader: registers workers, notices lost ones (broken connection, or silence), serves clients. What happens to jobs is
 * decided by `JobDesk` and `JobRun`; this class knows connections. Requests that come before the election is won wait for it.
 */
export class Coordinator {
  readonly #world: World;
  readonly #config: CoordinatorConfig;
  readonly #workers = new WorkerRegistry();
  readonly #peers = new Set<Peer>();
  #waiting: { readonly peer: Peer; readonly message: ToCoordinator }[] = [];
  #epoch = 0;
  /** null: not the leader. */
  #desk: JobDesk | null = null;
  #watch: LivenessWatch | null = null;
  readonly #shutdown: Shutdown;

  constructor(world: World, config: CoordinatorConfig) {
    this.#world = world;
    this.#config = config;
    this.#shutdown = new Shutdown({
      world,
      workers: this.#workers,
      timeoutUs: config.shutdownTimeoutUs,
      stopJob: (onEnded) => {
        if (this.#desk === null) onEnded();
        else this.#desk.stop(onEnded);
      },
      onDismissal: () => this.#watch?.stop(),
    });
  }

  /** Accepts connections and stands for election. Once. */
  start(): void {
    this.#world.network.accept((connection) => this.#onConnection(connection));
    present(this.#world.election, "the coordinators' election").join(this.#config.group, this.#config.name, {
      onElected: (epoch) => this.#onElected(epoch),
      onDeposed: () => this.#onDeposed(),
    });
  }

  #onElected(epoch: number): void {
    this.#world.journal.write("elected", { candidate: this.#config.name, epoch });
    this.#epoch = epoch;
    this.#desk = new JobDesk({
      world: this.#world,
      loadJob: this.#config.loadJob,
      epoch,
      workers: this.#workers,
      broadcast: (message) => this.#broadcast(message),
      expel: (worker, why) => this.#expel(worker, why),
    });
    const { livenessIntervalUs: intervalUs, livenessTimeoutUs: timeoutUs } = this.#config;
    const onLost = (worker: string, why: string) => this.#expel(worker, why);
    this.#watch = new LivenessWatch({ world: this.#world, workers: this.#workers, intervalUs, timeoutUs, onLost });
    this.#watch.start();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { peer, message } of waiting) this.#guarded(peer, () => this.#onMessage(peer, message));
  }

  /** No longer leader: lets go of everybody. Workers end; clients see the broken connection. */
  #onDeposed(): void {
    this.#world.journal.write("deposed", { candidate: this.#config.name, epoch: this.#epoch });
    this.#desk = null;
    this.#watch?.stop();
    for (const peer of this.#peers) peer.connection.close();
    this.#peers.clear();
    for (const { worker } of this.#workers.all) this.#workers.remove(worker);
  }

  /** A worker that no longer does its part: without a coordinator it ends by itself, if it still can. */
  #expel(worker: string, why: string): void {
    const registered = this.#workers.get(worker);
    if (registered === undefined) return;
    registered.connection.close();
    this.#onWorkerGone(worker, why);
  }

  #onConnection(connection: Connection): ConnectionHandler {
    const peer: Peer = { connection, role: "unknown", worker: "" };
    this.#peers.add(peer);
    return {
      onMessage: (bytes) => {
        if (this.#peers.has(peer)) this.#guarded(peer, () => this.#onBytes(peer, bytes));
      },
      onDrain: () => {},
      onClosed: (error) => this.#forget(peer, error === null ? "connection closed" : error.message),
    };
  }

  #onBytes(peer: Peer, bytes: Uint8Array): void {
    const message = readToCoordinator(bytes);
    if (this.#desk !== null) this.#onMessage(peer, message);
    else if (this.#waiting.length < MAX_WAITING_REQUESTS) this.#waiting.push({ peer, message });
    else throw new FaultlineError("system-failed", "too many requests wait for the election");
  }

  /** A peer that does not keep to the protocol loses its connection; the coordinator goes on. */
  #guarded(peer: Peer, work: () => void): void {
    try {
      if (this.#peers.has(peer)) work();
    } catch (error) {
      const { message } = taskFailure(error, `peer ${peer.connection.peer}`, "cluster-protocol");
      this.#world.journal.write("badPeer", { role: peer.role, worker: peer.worker, message });
      peer.connection.close();
      this.#forget(peer, message);
    }
  }

  #forget(peer: Peer, why: string): void {
    this.#peers.delete(peer);
    this.#desk?.onClientGone(peer.connection);
    if (peer.role === "worker" && this.#workers.get(peer.worker)?.connection === peer.connection) {
      this.#onWorkerGone(peer.worker, why);
    }
  }

  #onMessage(peer: Peer, message: ToCoordinator): void {
    switch (message.type) {
      case "register":
        this.#onRegister(peer, message);
        return;
      case "alive":
        if (peer.role === "unknown") peer.role = "liveness";
        this.#watch?.onAlive(message.worker, message.progress);
        return;
      case "deployed":
      case "taskState":
      case "snapshotStored":
      case "snapshotFailed":
      case "heartbeatDue":
      case "replicaLagging":
      case "outputHashes":
      case "outputDescribed":
        if (peer.role !== "worker") throw misplaced(message.type);
        this.#desk?.onReport(peer.worker, message);
        return;
      case "hello":
        if (message.role !== "client") throw misplaced(`hello of a ${message.role} connection`);
        this.#greet(peer);
        return;
      case "counters":
        if (!("tasks" in message)) this.#onRequest(peer, message);
        else if (peer.role !== "worker") throw misplaced("counters of tasks");
        else this.#desk?.onCounters(peer.worker, message.jobId, message.tasks);
        return;
      default:
        this.#onRequest(peer, message);
    }
  }

  #onRegister(peer: Peer, { worker, address, pid, zone }: Registration): void {
    if (peer.role !== "unknown") throw misplaced("second registration");
    if (this.#workers.get(worker) !== undefined) {
      throw new FaultlineError("cluster-protocol", `there is a worker "${worker}" already`, {
        hint: "give every worker of the cluster a name of its own",
      });
    }
    peer.role = "worker";
    peer.worker = worker;
    const { connection } = peer;
    const progressSinceUs = this.#world.clock.nowUs();
    const unheard = { lastAliveUs: null, progress: 0, progressSinceUs, stalled: false };
    this.#workers.add({ worker, address, zone, pid, connection, ...unheard });
    this.#world.journal.write("workerRegistered", { worker, address, pid, ...(zone === undefined ? {} : { zone }) });
    sendControl(peer.connection, { type: "registered", epoch: this.#epoch });
    this.#broadcast(this.#workersMessage());
    this.#desk?.onWorkersChanged();
  }

  #onWorkerGone(worker: string, why: string): void {
    this.#workers.remove(worker);
    this.#world.journal.write("workerLost", { worker, why });
    this.#broadcast(this.#workersMessage());
    this.#desk?.onWorkerLost(worker, why);
    this.#shutdown.onWorkerGone();
  }

  #greet(peer: Peer): void {
    if (peer.role === "client") return;
    if (peer.role !== "unknown") throw misplaced("client's message");
    peer.role = "client";
    sendControl(peer.connection, this.#workersMessage());
    const state = this.#desk?.lastState ?? null;
    if (state !== null) sendControl(peer.connection, state);
  }

  #onRequest(peer: Peer, request: ClientToCoordinator): void {
    this.#greet(peer);
    if (request.type === "shutdown") {
      this.#shutdown.begin(this.#epoch);
      return;
    }
    const refusal = this.#desk?.onRequest(peer.connection, request) ?? null;
    if (refusal !== null) sendControl(peer.connection, { type: "refused", failure: refusal });
  }

  #workersMessage(): CoordinatorToClient {
    return { type: "workers", workers: this.#workers.all.map(({ worker, pid }) => ({ worker, pid })) };
  }

  #broadcast(message: CoordinatorToClient): void {
    for (const { role, connection } of this.#peers) if (role === "client") sendControl(connection, message);
  }
}

function misplaced(what: string): FaultlineError {
  return new FaultlineError("cluster-protocol", `unexpected ${what}`);
}
