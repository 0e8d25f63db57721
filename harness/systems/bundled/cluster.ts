import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FaultlineError } from "../../../base/errors.ts";
import type { ClusterClient } from "../../../engine/shell/cluster-client.ts";
import type { CoordinatorSpec } from "../../../engine/shell/coordinator-main.ts";
import type { ElectionSpec, WorkerSpec } from "../../../engine/shell/worker-main.ts";
import { zoneInTurn } from "../../faults/zone-target.ts";
import type { DeployConfig, DeployContext, LinkAccess, SpawnedProcess } from "../system.ts";

const READY_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_US = 10_000_000;
/** For the job's end, and then again for the workers to leave. */
const SHUTDOWN_TIMEOUT_US = 2_000_000;
/** How long processes may take to end by themselves (longer than both) before they are asked by signal, and then before they are ended by force. */
const LEAVE_MS = 5_000;
const STOP_MS = 2_000;
const COORDINATOR_FLAGS = ["--max-old-space-size=256"];

/** What a cluster needs of whoever starts it: the parts of a `DeployContext` that do not speak of a job. */
export interface ClusterContext
  extends Pick<DeployContext, "spawn" | "logDir">,
    Partial<Pick<DeployContext, "links" | "storeFaults" | "zookeeper" | "runId">> {
  readonly config: Pick<DeployConfig, "engine" | "seed" | "sessionMs">;
}

/** The processes of one bundled cluster. */
export interface Cluster {
  readonly coordinatorAddress: string;
  /** Everything that was started, also what has ended. */
  readonly processes: readonly SpawnedProcess[];
  readonly workers: readonly SpawnedProcess[];
  /** Those that stand ready to take the place of lost ones. */
  readonly spares: readonly SpawnedProcess[];
  /** Worker → the zone that it is in, of all that were started; empty: they are in none. */
  readonly zones: ReadonlyMap<string, string>;
  /**
   * Starts one more worker, of a name that no other has or had; not waited for: it registers when it is ready. Default zone: the next in
   * turn.
   */
  startWorker(name: string, zone?: string): SpawnedProcess;
  /** Flags of the worker processes, for the record. */
  readonly workerFlags: readonly string[];
}

/** Where the job's checkpoints and the workers' own copies of them are while the run lasts. */
export function stateDirectoryOf({ logDir }: Pick<DeployContext, "logDir">): string {
  return join(logDir, "state");
}

/** Starts coordinator and workers and resolves when all are ready; stops what was started when one is not. */
export async function startCluster(context: ClusterContext): Promise<Cluster> {
  const { engine, seed } = context.config;
  const started: SpawnedProcess[] = [];
  const start = (...spawned: Parameters<DeployContext["spawn"]>) => {
    const child = context.spawn(...spawned);
    started.push(child);
    context.links?.processStarted(child.role, child.pid);
    return child;
  };
  const stateDirectory = stateDirectoryOf(context);
  const common = {
    storeDirectory: join(stateDirectory, "checkpoints"),
    livenessIntervalUs: engine.livenessIntervalUs,
    ...(context.storeFaults === undefined ? {} : { storeFaults: context.storeFaults }),
  };
  const election = electionOf(context);
  const workerFlags = flagsOfWorker(engine.workerMemoryBytes);
  try {
    const coordinatorSpec: CoordinatorSpec = {
      ...common,
      name: "coordinator",
      seed,
      livenessTimeoutUs: engine.livenessTimeoutUs,
      shutdownTimeoutUs: SHUTDOWN_TIMEOUT_US,
    };
    const coordinator = start("coordinator", shellEntry("coordinator-main"), coordinatorSpec, {
      nodeFlags: COORDINATOR_FLAGS,
    });
    const { links } = context;
    // The harness itself goes to the coordinator directly: what it hears of a broken cluster must not be broken too.
    const coordinatorAddress = await listening(coordinator, links);
    const readiness = new Map<SpawnedProcess, Promise<string>>();
    const zones = new Map<string, string>();
    const startWorker = (worker: string, zone = zoneInTurn(engine.zones ?? [], readiness.size)) => {
      if (zone !== undefined) zones.set(worker, zone);
      const spec: WorkerSpec = {
        ...common,
        worker,
        localDirectory: join(stateDirectory, "local", worker),
        scratchDirectory: join(stateDirectory, "scratch", worker),
        coordinator: links?.addressFor(coordinator.role) ?? coordinatorAddress,
        ...(links === undefined ? {} : { advertise: links.addressFor(worker) }),
        connectTimeoutUs: CONNECT_TIMEOUT_US,
        seed: seed + started.length,
        ...(election === null ? {} : { election }),
        ...(zone === undefined ? {} : { zone }),
      };
      const child = start(worker, shellEntry("worker-main"), spec, { nodeFlags: workerFlags });
      const ready = listening(child, links);
      ready.catch(() => {}); // of a replacement that cannot start its end tells
      readiness.set(child, ready);
      return child;
    };
    // The job runs on those that register first: spare ones start when these have.
    const startAll = async (first: number, count: number) => {
      const group = Array.from({ length: count }, (_, index) => startWorker(`worker-${first + index}`));
      await Promise.all(group.map((child) => readiness.get(child)));
      return group;
    };
    const workers = await startAll(1, engine.workers);
    const spares = await startAll(engine.workers + 1, engine.spareWorkers ?? 0);
    return { coordinatorAddress, processes: started, workers, spares, zones, startWorker, workerFlags };
  } catch (error) {
    await Promise.all(started.map((child) => child.stop(0)));
    throw error;
  }
}

/** Leaders are elected below a node of the run's own, so that nothing of an earlier one is in the way. */
function electionOf({ zookeeper, config, runId }: ClusterContext): ElectionSpec | null {
  if (zookeeper === undefined || config.sessionMs === undefined) return null;
  return {
    kind: "zookeeper",
    servers: zookeeper.servers,
    sessionMs: config.sessionMs,
    path: `/faultline/${runId ?? "cluster"}`,
  };
}

/** Ends all processes of the cluster: asks the coordinator, then each by signal, then by force. Closes the client. */
export async function endCluster({ processes }: Cluster, client: ClusterClient): Promise<void> {
  client.shutdown();
  const exits = Promise.all(processes.map((child) => child.exited));
  const ended = await within(LEAVE_MS, exits);
  if (!ended) await Promise.all(processes.map((child) => child.stop(STOP_MS)));
  client.close();
}

/** true when `action` resolves within `ms`. */
async function within(ms: number, action: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const inTime = await Promise.race([action.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}

/** MiB of each half of the young generation, from the start: V8 begins with one and lets it grow slowly. */
const SEMI_SPACE_MIB = 16;

/** The heap's limit, and a young generation that is collected half as often: throughput does not notice, the tail of the latency does. */
function flagsOfWorker(memoryBytes: number): readonly string[] {
  return [
    `--max-old-space-size=${Math.floor(memoryBytes / 2 ** 20)}`,
    `--min-semi-space-size=${SEMI_SPACE_MIB}`,
    `--max-semi-space-size=${SEMI_SPACE_MIB}`,
  ];
}

function shellEntry(name: string): URL {
  const here = import.meta.url;
  return new URL(`../../../engine/shell/${name}${extname(fileURLToPath(here))}`, here);
}

/** Where a process listens, once it is ready; others are led there from now on. */
async function listening(child: SpawnedProcess, links: LinkAccess | undefined): Promise<string> {
  const address = await readyAddress(child);
  links?.listensAt(child.role, address);
  return address;
}

/** The address in a process' ready line; `service-start-failed` when it ends before, or says nothing for too long. */
function readyAddress(child: SpawnedProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (message: string) => {
      clearTimeout(timer);
      const hint = `Its log is ${child.role}.log among the run's logs.`;
      reject(new FaultlineError("service-start-failed", `${child.role} ${message}`, { hint }));
    };
    const timer = setTimeout(() => fail(`is not ready after ${READY_TIMEOUT_MS} ms`), READY_TIMEOUT_MS);
    child.onLine((message) => {
      if (typeof message !== "object" || message === null || !("ready" in message) || !("address" in message)) return;
      clearTimeout(timer);
      resolve(String(message.address));
    });
    void child.exited.then(({ code, signal }) => fail(`ended at its start (${signal ?? `exit code ${code}`})`));
  });
}
