import { rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { unreachable } from "../../../base/assert.ts";
import { wallClockMs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { ClusterClient } from "../../../engine/shell/cluster-client.ts";
import type { FaultRecord } from "../../faults/model.ts";
import type { FaultSpec } from "../../faults/schema.ts";
import { type Guard, startGuard } from "../../services/guard.ts";
import type { KafkaService } from "../../services/kafka/service.ts";
import { identify } from "../../services/process-identity.ts";
import type { ZooKeeperService } from "../../services/zookeeper/service.ts";
import { sleep } from "../../sweep/bindings/clock.ts";
import { Cleanup } from "../../sweep/cleanup.ts";
import { type Cluster, type ClusterContext, endCluster, startCluster } from "../../systems/bundled/cluster.ts";
import { taskName } from "../../systems/job-shape.ts";
import { nodeSpawner } from "../../systems/spawn-node.ts";
import type { SpawnedProcess } from "../../systems/system.ts";
import { type ClusterFolder, clusterFolder } from "../folder.ts";
import { addRecord } from "../record.ts";
import type { ClusterState } from "../state.ts";
import { ControlServer } from "./control-server.ts";
import { strikeNow } from "./hand-fault.ts";
import { JobWatch } from "./job-watch.ts";
import { handKindParts } from "./kind-parts.ts";
import { handEngine, startPlainKafka, startPlainZooKeeper } from "./processes.ts";
import type { KeeperAnswers, KeeperRequest, KeeperSpec } from "./protocol.ts";
import { untilRegistered } from "./registration.ts";
import { clusterStatus } from "./status.ts";
import { HandSurface } from "./surface.ts";

/** Of a worker that elects leaders: the default of campaigns. */
const SESSION_MS = 1_500;

/** Everything that runs. */
interface Running {
  readonly guard: Guard;
  readonly kafka: KafkaService | null;
  readonly zookeeper: ZooKeeperService | null;
  readonly cluster: Cluster;
  readonly client: ClusterClient;
  readonly watch: JobWatch;
  readonly surface: HandSurface;
}

/**
 * Owns the processes of a cluster that outlives the command that started it: starts them, writes down what happens, inflicts faults,
 * and ends them. All of them end with it, however it ends.
 */
export class Keeper {
  readonly #spec: KeeperSpec;
  readonly #folder: ClusterFolder;
  readonly #cleanup = new Cleanup(sleep);
  readonly #interrupt = new AbortController();
  /** Process → how it ended. */
  readonly #ends = new Map<number, string>();
  #running: Running | null = null;
  #nextWorker: number;
  #strikes = 0;
  #isStriking = false;
  #ending: Promise<void> | null = null;

  constructor(spec: KeeperSpec) {
    this.#spec = spec;
    this.#folder = clusterFolder(spec.directory, spec.directory);
    this.#nextWorker = spec.workers + spec.spares + 1;
  }

  /** Starts everything. Throws what keeps it from starting; then nothing is left. */
  async start(onProgress: (text: string) => void): Promise<void> {
    try {
      await this.#start(onProgress);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #start(onProgress: (text: string) => void): Promise<void> {
    const { workers, spares, seed } = this.#spec;
    const { logs, storeFaults, output, record } = this.#folder;
    await mkdir(logs, { recursive: true });
    await mkdir(output, { recursive: true });
    rmSync(storeFaults, { force: true });
    const guard = await this.#cleanup.own(
      "guard",
      () => startGuard(),
      (started) => started.close(),
    );
    const kafka = this.#spec.kafka ? await this.#startKafka(guard, onProgress) : null;
    const zookeeper = this.#spec.zookeeper ? await this.#startZooKeeper(guard, onProgress) : null;
    onProgress(`starting coordinator and ${workers + spares} workers`);
    const config = { engine: handEngine(this.#spec), seed, sessionMs: SESSION_MS };
    const spawn = nodeSpawner({ logDir: logs, guard });
    addRecord(record, { atMs: wallClockMs(), kind: "cluster", what: "up" });
    const cluster = await startCluster({ config, spawn, logDir: logs, storeFaults, ...electing(zookeeper) });
    const client = new ClusterClient(cluster.coordinatorAddress);
    const surface = new HandSurface(cluster);
    client.onState((state) => surface.tell(state));
    client.onCheckpointPhase((phase) => surface.tellCheckpoint(phase));
    const watch = new JobWatch(client, record);
    client.onReplicaLoss((loss) => {
      surface.tellReplicaLoss(loss, taskName(watch.vertices, loss.vertex, loss.subtask));
    });
    this.#running = { guard, kafka, zookeeper, cluster, client, watch, surface };
    await this.#cleanup.own(
      "cluster",
      async () => cluster,
      (started) => endCluster(started, client),
    );
    for (const child of cluster.processes) this.#watchEnd(child);
    await this.#untilRegistered([...cluster.workers, ...cluster.spares], watch);
    const server = await this.#cleanup.own(
      "control",
      () => ControlServer.start((request) => this.#answer(request)),
      async (started) => started.close(),
    );
    this.#writeState(server.address, cluster.coordinatorAddress, kafka?.brokers ?? []);
  }

  /** Ends everything, in reverse order; once. */
  stop(): Promise<void> {
    this.#ending ??= this.#stop();
    return this.#ending;
  }

  async #stop(): Promise<void> {
    this.#interrupt.abort();
    const problems = await this.#cleanup.run();
    rmSync(this.#folder.state, { force: true });
    if (this.#running !== null) addRecord(this.#folder.record, { atMs: wallClockMs(), kind: "cluster", what: "down" });
    if (problems[0] !== undefined) throw problems[0];
  }

  /** Called when a command has asked for the end. */
  onDown: () => void = () => {};

  async #startKafka(guard: Guard, onProgress: (text: string) => void): Promise<KafkaService> {
    const logFile = join(this.#folder.logs, "kafka.log");
    const start = () => startPlainKafka(logFile, guard, this.#interrupt.signal, onProgress);
    const kafka = await this.#cleanup.own("Kafka", start, (started) => started.close());
    return kafka.service;
  }

  async #startZooKeeper(guard: Guard, onProgress: (text: string) => void): Promise<ZooKeeperService> {
    const logFile = join(this.#folder.logs, "zookeeper.log");
    const start = () => startPlainZooKeeper(logFile, guard, this.#interrupt.signal, onProgress);
    const zookeeper = await this.#cleanup.own("ZooKeeper", start, (started) => started.close());
    return zookeeper.service;
  }

  #writeState(control: string, coordinator: string, brokers: readonly string[]): void {
    const keeper = identify(process.pid);
    if (keeper === null) throw new FaultlineError("internal", "the keeper does not find itself");
    const { workers, zookeeper } = this.#spec;
    const state: ClusterState = {
      version: 1,
      keeper,
      control,
      coordinator,
      brokers,
      zookeeper,
      workers,
      startedMs: wallClockMs(),
    };
    writeFileSync(this.#folder.state, `${JSON.stringify(state, null, 2)}\n`);
  }

  #watchEnd({ role, pid, exited }: SpawnedProcess): void {
    addRecord(this.#folder.record, { atMs: wallClockMs(), kind: "process", role, pid, what: "started" });
    void exited.then(({ code, signal }) => {
      this.#ends.set(pid, signal ?? `exit code ${code}`);
      addRecord(this.#folder.record, { atMs: wallClockMs(), kind: "process", role, pid, what: "ended", code, signal });
    });
  }

  async #answer(request: KeeperRequest): Promise<KeeperAnswers[keyof KeeperAnswers]> {
    const running = this.#running;
    if (running === null || this.#ending !== null) throw new FaultlineError("cluster-missing", "the cluster is ending");
    switch (request.ask) {
      case "status":
        return clusterStatus(running, (pid) => this.#ends.get(pid) ?? null);
      case "addWorker":
        return this.#addWorker(running);
      case "shape":
        running.watch.setShape(request.jobId, request.vertices);
        return {};
      case "fault":
        return this.#strike(running, request.fault);
      case "down":
        setImmediate(() => this.onDown());
        return {};
      default:
        return unreachable(request, "request");
    }
  }

  async #addWorker({ cluster, watch }: Running): Promise<KeeperAnswers["addWorker"]> {
    const child = cluster.startWorker(`worker-${this.#nextWorker++}`);
    this.#watchEnd(child);
    await this.#untilRegistered([child], watch);
    return { worker: child.role, pid: child.pid };
  }

  #untilRegistered(children: readonly SpawnedProcess[], watch: JobWatch): Promise<void> {
    return untilRegistered(
      children.map(({ role }) => role),
      {
        registered: () => watch.workers,
        hasEnded: (name) => children.some(({ role, pid }) => role === name && this.#ends.has(pid)),
        sleep,
        logs: this.#folder.logs,
      },
    );
  }

  async #strike(running: Running, fault: FaultSpec): Promise<FaultRecord> {
    if (this.#isStriking)
      throw new FaultlineError("usage", "a fault is in force already", { hint: "Wait for its end." });
    this.#isStriking = true;
    const { surface, watch, client, kafka } = running;
    try {
      const [record] = await strikeNow(fault, {
        surface,
        kindParts: handKindParts({ ...running, storeFaults: this.#folder.storeFaults }),
        brokerPid: () => kafka?.pid ?? null,
        counters: () => client.counters(watch.job?.jobId ?? "", 1_000),
        hasJob: () => watch.job !== null && ["running", "draining"].includes(watch.job.state),
        vertices: watch.vertices,
        seed: this.#spec.seed + ++this.#strikes,
        notice: (text) =>
          addRecord(this.#folder.record, {
            atMs: wallClockMs(),
            kind: "fault",
            text: text.replace(/^fault \d+: /, ""),
          }),
      });
      return record!;
    } finally {
      this.#isStriking = false;
      surface.forget();
    }
  }
}

/** Where leaders of replica groups are elected. */
function electing(zookeeper: ZooKeeperService | null): Pick<ClusterContext, "zookeeper"> {
  return zookeeper === null ? {} : { zookeeper: { servers: zookeeper.servers } };
}
