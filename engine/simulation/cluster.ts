import { present } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import { Coordinator } from "../cluster/coordinator.ts";
import type { LoadJob } from "../cluster/load-job.ts";
import { Worker } from "../cluster/worker.ts";
import type { LogSourceSupplier } from "../connectors/source-supplier.ts";
import type { JobFactory, LogicalGraph } from "../dataflow/graph.ts";
import type { LocalStore, World } from "../ports.ts";
import { SimulatedClient } from "./client.ts";
import type { Conditions } from "./conditions.ts";
import { withCosts } from "./costed-graph.ts";
import { type ElectionConditions, SimulatedElection } from "./election.ts";
import { SimulatedLog } from "./log.ts";
import { SimulatedNetwork } from "./network.ts";
import { SimulatedProcess } from "./process.ts";
import { SimulatedScratch } from "./scratch.ts";
import { SimulatedStore } from "./store.ts";
import type { RecordListener, Topics } from "./topics.ts";
import type { Trace } from "./trace.ts";
import { Universe } from "./universe.ts";
import type { WorldWatch } from "./watch.ts";

export interface SimulatedClusterSettings {
  readonly seed: number;
  readonly workers: number;
  /** Module name → factory: what `import` is to real processes. */
  readonly modules: ReadonlyMap<string, JobFactory>;
  /** Topic → computed log. */
  readonly suppliers: ReadonlyMap<string, LogSourceSupplier>;
  /** Computed logs that cannot be read from the beginning, but from this virtual time on, µs. */
  readonly readableFromUs?: ReadonlyMap<string, number>;
  /** Records in one `LogRecords`, 1 or more. */
  readonly batchRecords: number;
  /** Gets the records of sinks instead of memory. */
  readonly onRecord: RecordListener | null;
  /** Zone that a worker says; default: none does. */
  readonly zoneOf?: (worker: string) => string;
  /** Events after which a run is taken for a livelock. */
  readonly maxSteps: number;
  /** Virtual time after which a run is taken for a hang, µs. */
  readonly maxVirtualUs: number;
  /** Default `CALM`. */
  readonly conditions?: Conditions;
  /** Default: news at once, and a dead leader is replaced at once. */
  readonly election?: ElectionConditions;
  /** Default: one that keeps the last lines of the journal. */
  readonly trace?: Trace;
  readonly watch?: WorldWatch;
  /** Puts something between a worker or the coordinator and its world: what else there is in it, or a planted defect. */
  readonly tamper?: (world: World, process: string) => World;
}

export const SIMULATION_LIMITS = { maxSteps: 200_000_000, maxVirtualUs: 3_600_000_000 };

const COORDINATOR = "coordinator:1";
const LIVENESS_INTERVAL_US = 100_000;
const LIVENESS_TIMEOUT_US = 1_000_000;

/** A whole cluster (coordinator, workers, one client) in one thread on virtual time: the real classes in simulated processes. */
export class SimulatedCluster {
  readonly universe: Universe;
  readonly log: SimulatedLog;
  readonly client: SimulatedClient;
  readonly coordinator: SimulatedProcess;
  readonly workers: readonly SimulatedProcess[];
  readonly #settings: SimulatedClusterSettings;
  readonly network: SimulatedNetwork;
  readonly store: SimulatedStore;
  readonly scratch: SimulatedScratch;
  /** By name; a name belongs to one process for ever. */
  readonly processes = new Map<string, SimulatedProcess>();
  readonly election: SimulatedElection;

  constructor(settings: SimulatedClusterSettings) {
    this.#settings = settings;
    this.universe = new Universe(settings.seed, settings.conditions, settings.trace, settings.watch);
    this.election = new SimulatedElection(this.universe, settings.election);
    this.log = new SimulatedLog(this.universe, settings.onRecord, settings.batchRecords);
    for (const [topic, supplier] of settings.suppliers) {
      this.topics.addSupplier(topic, supplier, settings.readableFromUs?.get(topic));
    }
    this.network = new SimulatedNetwork(this.universe);
    this.store = new SimulatedStore(this.universe);
    this.scratch = new SimulatedScratch(this.universe);
    this.coordinator = this.startProcess("coordinator");
    new Coordinator(this.#worldOf(this.coordinator), {
      name: "coordinator",
      group: "cluster",
      loadJob: this.#loadJob(this.coordinator),
      livenessIntervalUs: LIVENESS_INTERVAL_US,
      livenessTimeoutUs: LIVENESS_TIMEOUT_US,
      shutdownTimeoutUs: LIVENESS_TIMEOUT_US,
    }).start();
    this.workers = Array.from({ length: settings.workers }, (_, index) => this.startWorker(`worker-${index}`));
    this.client = new SimulatedClient(this.startProcess("client"), COORDINATOR);
  }

  get topics(): Topics {
    return this.log.topics;
  }

  /** Starts one more worker. */
  startWorker(name: string, coordinatorAddress = COORDINATOR): SimulatedProcess {
    const process = this.startProcess(name);
    const worker = new Worker(this.#worldOf(process), {
      worker: name,
      pid: 0,
      coordinatorAddress,
      loadJob: this.#loadJob(process),
      livenessIntervalUs: LIVENESS_INTERVAL_US,
      connectTimeoutUs: LIVENESS_TIMEOUT_US,
      zone: this.#settings.zoneOf?.(name),
    });
    worker.start();
    return process;
  }

  /** Kills worker `index` right after event number `step` of the run, wherever in its work that finds it. */
  killAfterStep(index: number, step: number): void {
    const worker = present(this.workers[index], `worker ${index}`);
    this.universe.queue.afterStep(step, () => worker.kill());
  }

  /** Lets events happen until `done`; `system-failed` with the last trace lines when that takes too long or cannot come. */
  runUntil(done: () => boolean, what: string): void {
    const { queue } = this.universe;
    const { maxSteps, maxVirtualUs } = this.#settings;
    while (!done()) {
      if (queue.step() === null) throw this.#stuck(`nothing is left to happen before ${what}`);
      if (queue.steps > maxSteps) throw this.#stuck(`no ${what} within ${maxSteps} steps`);
      if (queue.nowUs > maxVirtualUs) throw this.#stuck(`no ${what} within ${maxVirtualUs / 1e6} s of virtual time`);
    }
  }

  #stuck(what: string): FaultlineError {
    const lines = this.universe.trace.lastLines;
    return new FaultlineError(
      "system-failed",
      `simulation, seed ${this.#settings.seed}: ${what}\n${lines.join("\n")}`,
      {
        hint: "run it again with the same seed to get the same events",
        context: { seed: this.#settings.seed, steps: this.universe.queue.steps, nowUs: this.universe.nowUs },
      },
    );
  }

  /** A process with nothing in it, under the address `<name>:1`. */
  startProcess(name: string): SimulatedProcess {
    const process = new SimulatedProcess(this.universe, name, {
      network: (process) => this.network.bind(process, `${name}:1`),
      log: (process) => this.log.bind(process),
      store: (process) => this.store.bind(process),
      localStore: (process) => this.#localStore(process),
      scratch: (process) => this.scratch.bind(process),
      election: (process) => this.election.bind(process),
    });
    this.processes.set(name, process);
    return process;
  }

  #worldOf({ world, name }: SimulatedProcess): World {
    return this.#settings.tamper?.(world, name) ?? world;
  }

  /** It dies with the process. */
  #localStore(process: SimulatedProcess): LocalStore {
    const local = new SimulatedStore(this.universe).bind(process);
    const store = this.store.bind(process);
    return {
      keep: (path, done) =>
        store.read(path, (error, bytes) => {
          if (bytes === null) done(error);
          else local.write(path, bytes, done);
        }),
      read: (path, done) =>
        local.read(path, (error, bytes) => {
          if (bytes !== null) this.universe.watch.onLocalRead?.(process.name, path);
          done(error, bytes);
        }),
      remove: (path, done) => local.remove(path, done),
    };
  }

  #loadJob(process: SimulatedProcess): LoadJob {
    return (spec, done) => {
      process.world.timers.soon(() => {
        const factory = this.#settings.modules.get(spec.module);
        if (factory === undefined) {
          done(new FaultlineError("job-invalid", `there is no job module ${spec.module}`), null);
          return;
        }
        this.network.windowBytes = spec.options.channelWindowBytes;
        try {
          done(null, this.#costed(factory(spec.parameters), process));
        } catch (error) {
          done(error instanceof Error ? error : new Error(String(error)), null);
        }
      });
    };
  }

  #costed(graph: LogicalGraph, process: SimulatedProcess): LogicalGraph {
    const { conditions, situations } = this.universe;
    const { cpu } = conditions;
    return cpu === null ? graph : withCosts(graph, process.core, () => this.universe.drawn(cpu.rowNs), situations);
  }
}
