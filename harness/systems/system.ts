import type { CheckpointReport } from "../../engine/cluster/checkpoint-facts.ts";
import type {
  CheckpointSettings,
  Guarantee,
  Recovery,
  Replication,
  RestartStrategy,
} from "../../engine/cluster/job-spec.ts";
import type { TaskCounters } from "../../engine/cluster/messages.ts";
import type { WireFormatName } from "../../generators/dataset.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import type { JobShape } from "./job-shape.ts";

/** A stream processor that can be measured: deploys one query between two Kafka topics. */
export interface SystemUnderTest {
  readonly name: string;
  /** Starts whatever is needed and resolves when the query runs, that is: reads its input. Leaves nothing behind when it rejects. */
  deploy(context: DeployContext): Promise<Deployment>;
  /** What a query would be deployed as; absent: the system has no replicas. `job-invalid` where it cannot be. */
  shapeOf?(config: DeployConfig): Promise<JobShape>;
}

export interface DeployContext {
  readonly runId: string;
  readonly config: DeployConfig;
  readonly brokers: readonly string[];
  /** The main input. */
  readonly inputTopic: string;
  readonly inputPartitions: number;
  /** All inputs, by the source of the job that reads them; the main one is among them. */
  readonly inputs: readonly { readonly source: string; readonly topic: string; readonly partitions: number }[];
  readonly outputTopic: string;
  readonly outputPartitions: number;
  /** Of one partition, for the ticks and cuts of a job with replicas; absent: there is none. */
  readonly cutLogTopic?: string;
  /** For the orders of its replica groups (`JobShape.orderPartitions`); absent: none is needed. */
  readonly orderLogTopic?: string;
  /** By which its tasks are named to people; absent: nothing is replicated. */
  readonly vertices?: JobShape["vertices"];
  /** Through which leaders of its replica groups are elected; absent: there are none. */
  readonly zookeeper?: { readonly servers: readonly string[] };
  /** Its processes find each other through these, so that their links can be broken; absent: directly. */
  readonly links?: LinkAccess;
  /** Control file of faults of its checkpoint store (`engine/shell/faulty-store.ts`); absent: the store cannot be broken. */
  readonly storeFaults?: string;
  /** Logs and working files of the system's processes, kept with the results. Absolute. */
  readonly logDir: string;
  readonly spawn: SpawnNode;
}

/** The TCP link proxy of a run, as the system under test needs it. */
export interface LinkAccess {
  /** Where others find the server of this process, which may be yet to start; always the same. */
  addressFor(role: string): string;
  /** The server of this process really listens here. */
  listensAt(role: string, address: string): void;
  /** To be told at once when a process has been started: its connections are known by its id. */
  processStarted(role: string, pid: number): void;
}

/** What a system needs to know of the resolved configuration. */
export interface DeployConfig {
  readonly query: QueryDefinition;
  /** Mode of the data set (`classic`, `head`). */
  readonly dataMode: string;
  /** Parameters of the query's job, in place of its own defaults. */
  readonly jobParameters?: Readonly<Record<string, unknown>>;
  /** Of events and output rows; absent: JSON. */
  readonly format?: WireFormatName;
  readonly parallelism: number;
  readonly watermarkDelayMs: number;
  readonly seed: number;
  /** What the system does when one of its processes is lost. */
  readonly recovery?: Recovery;
  /** What it promises of its outputs; absent: at-least-once. */
  readonly guarantee?: Guarantee;
  readonly checkpoints?: CheckpointSettings;
  readonly restart?: RestartStrategy;
  /** Active replication; absent: none. */
  readonly replication?: ReplicationSettings;
  /** ZooKeeper session of a worker, where leaders are elected. */
  readonly sessionMs?: number;
  readonly engine: EngineSettings;
}

export type ReplicationSettings = Omit<Replication, "cutLog" | "orderLog">;

/** Settings of the bundled engine. */
export interface EngineSettings {
  readonly workers: number;
  /** Worker processes beyond these that stand ready. */
  readonly spareWorkers?: number;
  /** Zones that workers are in, taken in turn: worker 1 is in the first; absent or empty: none is in any. */
  readonly zones?: readonly string[];
  readonly keyGroups: number;
  readonly bufferTimeoutUs: number;
  readonly watermarkIntervalUs: number;
  readonly watermarkAlignmentMs: number;
  readonly fetchRestMs: number;
  readonly livenessIntervalUs: number;
  readonly livenessTimeoutUs: number;
  /** An attempt that is not deployed after so long has failed; absent: the engine's default. */
  readonly deployTimeoutUs?: number;
  /** A restart waits so long for as many workers as there were; absent: not at all. */
  readonly workersWaitUs?: number;
  /** Heap limit of one worker process. */
  readonly workerMemoryBytes: number;
}

/** Starts one of our own programs on this Node; it gets `spec` as its one argument, JSON. */
export type SpawnNode = (
  role: string,
  entry: URL,
  spec: unknown,
  options?: { readonly nodeFlags?: readonly string[] },
) => SpawnedProcess;

export interface SpawnedProcess {
  readonly role: string;
  readonly pid: number;
  /** Calls back with every JSON line of its stdout, those before the call included. */
  onLine(listener: (message: unknown) => void): void;
  /** Writes one JSON line to its stdin. */
  send(message: unknown): void;
  /** Asks it to end, and ends it by force after `timeoutMs`. */
  stop(timeoutMs?: number): Promise<void>;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<ProcessExit>;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A query that runs. */
export interface Deployment {
  readonly processes: readonly { readonly role: string; readonly pid: number }[];
  /** Lets the system process all input that is there and end its query; rejects with reason `drain-timeout` when that takes longer. */
  drain(timeoutMs: number): Promise<void>;
  /** Ends all processes, gracefully if they let it. Never rejects for what had failed before. */
  stop(): Promise<void>;
  /** Resolves when the query or one of its processes has ended without being asked to. */
  readonly failed: Promise<Error>;
  /** Facts for the run record: versions, settings, flags. */
  describe(): Readonly<Record<string, unknown>>;
  counters(): Promise<readonly TaskCounters[]>;
  /** How it can be broken; absent: not at all. */
  readonly faults?: FaultSurface;
  /** What it has told so far of its query's states and checkpoints, in time order; absent: it does not tell. */
  history?(): DeploymentHistory;
}

export interface DeploymentHistory {
  readonly states: readonly JobStateRecord[];
  readonly checkpoints: readonly CheckpointReport[];
  /** Replicas that were lost while their siblings went on. */
  readonly replicaLosses: readonly ReplicaLossRecord[];
}

/** One line of `raw/<run>/replica-losses.jsonl`. */
export interface ReplicaLossRecord {
  readonly vertex: string;
  readonly subtask: number;
  readonly attempt: number;
  readonly worker: string;
  /** Monotonic µs of this machine. */
  readonly atUs: number;
  readonly cause: string;
}

/** One line of `raw/<run>/job-states.jsonl`. */
export interface JobStateRecord {
  readonly state: string;
  readonly attempt: number;
  /** Monotonic µs of this machine. */
  readonly atUs: number;
  readonly cause: string | null;
  /** Checkpoint that this attempt starts from; null: none. */
  readonly restored: number | null;
}

/** A process that can be struck. */
export interface FaultProcess {
  readonly role: string;
  readonly pid: number;
  /** As the system's counters name it. */
  readonly name: string;
  /** That it is in; absent: in none. */
  readonly zone?: string;
}

/** A place in the system, and who serves there now. */
export interface FaultPlace {
  /** As targets are written: `worker/1`, `coordinator`. */
  readonly name: string;
  /** null: nobody, for example because a replacement is only just starting. */
  readonly process: FaultProcess | null;
}

/** What the system says about its query, in time order. */
export interface SystemState {
  readonly state: string;
  readonly attempt: number;
  /** Monotonic µs of this machine. */
  readonly atUs: number;
  /** It has noticed that something is broken. */
  readonly troubled: boolean;
  readonly running: boolean;
  readonly cause: string | null;
  /** Checkpoint that this attempt starts from; absent: from none. */
  readonly restored?: number;
}

/** A step in the life of a checkpoint, as the system says. */
export interface CheckpointEvent {
  readonly checkpointId: number;
  /** Barriers leave; the last part is stored; all of it is durable, or it was given up. */
  readonly phase: "triggered" | "acknowledged" | "completed" | "aborted";
  /** Monotonic µs of this machine. */
  readonly atUs: number;
}

/** Lets faults be inflicted on a deployment: who is there to be struck, and what it says about it. */
export interface FaultSurface {
  /** Everybody who can be struck; workers are `worker/1`, `worker/2` …. */
  places(): readonly FaultPlace[];
  /** The end of this process, up to a monotonic time or at any time, is wanted: it is no failure by itself. */
  expectEnd(pid: number, untilUs?: number): void;
  onState(listener: (state: SystemState) => void): void;
  onCheckpoint(listener: (event: CheckpointEvent) => void): void;
  /** Processes that take the place of lost ones. */
  onProcess(listener: (process: { readonly role: string; readonly pid: number }) => void): void;
}
