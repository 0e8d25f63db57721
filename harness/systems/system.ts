import type { TaskCounters } from "../../engine/cluster/messages.ts";
import type { QueryDefinition } from "../../queries/query.ts";

/** A stream processor that can be measured: deploys one query between two Kafka topics. */
export interface SystemUnderTest {
  readonly name: string;
  /** Starts whatever is needed and resolves when the query runs, that is: reads its input. Leaves nothing behind when it rejects. */
  deploy(context: DeployContext): Promise<Deployment>;
}

export interface DeployContext {
  readonly runId: string;
  readonly config: DeployConfig;
  readonly brokers: readonly string[];
  readonly inputTopic: string;
  readonly inputPartitions: number;
  readonly outputTopic: string;
  readonly outputPartitions: number;
  /** Logs and working files of the system's processes, kept with the results. Absolute. */
  readonly logDir: string;
  readonly spawn: SpawnNode;
}

/** What a system needs to know of the resolved configuration. */
export interface DeployConfig {
  readonly query: QueryDefinition;
  /** Mode of the data set (`classic`, `head`). */
  readonly dataMode: string;
  readonly parallelism: number;
  readonly watermarkDelayMs: number;
  readonly seed: number;
  readonly engine: EngineSettings;
}

/** Settings of the bundled engine. */
export interface EngineSettings {
  readonly workers: number;
  readonly keyGroups: number;
  readonly bufferTimeoutUs: number;
  readonly watermarkIntervalUs: number;
  readonly livenessIntervalUs: number;
  readonly livenessTimeoutUs: number;
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
}
