import type { Config } from "../config/schema.ts";
import type { RunStream } from "../config/streams.ts";
import type { BrokerHandle } from "../faults/broker-driver.ts";
import type { LinkProxy, LinkProxyStart } from "../faults/link/link-proxy.ts";
import type { ObserverIsolation } from "../measure/observer-spec.ts";
import type { Guard } from "../services/guard.ts";
import type { ZooKeeperDescription } from "../services/zookeeper/service.ts";
import type { CommandServices } from "../systems/command/command-system.ts";
import type { SpawnNode, SystemUnderTest } from "../systems/system.ts";
import type { FeederSummary, RunResult } from "./model.ts";

/**
 * Everything that running a sweep needs of the outside world. `real-toolbox.ts` binds it to processes and files; tests to fakes.
 * Whoever is started is stopped by the caller, in reverse order.
 */
export interface Toolbox {
  monotonicUs(): number;
  wallClockMs(): number;
  /** Monotonic − wall clock, µs, to about 10 µs. */
  clockOffsetUs(): number;
  /** Resolves after `ms`; at once and silently when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  startGuard(): Promise<Guard>;
  startKafka(options: KafkaStart): Promise<KafkaService>;
  startZooKeeper(options: ZooKeeperStart): Promise<ZooKeeperService>;
  startLinks(options: LinkProxyStart): Promise<LinkProxyProcess>;
  startFeeder(options: FeederStart): Promise<FeederProcess>;
  startObserver(options: ObserverStart): Promise<ObserverProcess>;
  startSampler(options: SamplerStart): Sampler;
  system(system: Config["system"], services: CommandServices): Promise<SystemUnderTest>;
  /** Starts programs of ours, which log to `logs`, report of themselves to `raw` if they are to, and are watched by the guard. */
  spawner(directories: SpawnDirectories, guard: Guard): SpawnNode;
  /** Judges one stored run. */
  analyzeRun(run: AnalyzeStart): Promise<RunResult>;
  /** Rebuilds everything derived of a results folder, the report included. */
  analyzeSweep(directory: string): Promise<readonly RunResult[]>;
  /** Puts a process of the instrument before the system under test; its niceness afterwards, null when unknown. */
  raisePriority(pid: number): number | null;
}

export interface SpawnDirectories {
  readonly logs: string;
  /** null: they report nothing. */
  readonly raw: string | null;
}

export interface AnalyzeStart {
  readonly directory: string;
  readonly runId: string;
  readonly config: Config;
  /** The output topic still exists: records that match nothing can be read from it. */
  readonly brokers: readonly string[];
  readonly outputTopic: string;
}

export interface KafkaStart {
  /** Empty: start a private broker. */
  readonly brokers: readonly string[];
  readonly heapBytes: number;
  /** Where the broker's log goes; kept when it fails. */
  readonly logFile: string;
  readonly guard: Guard;
  readonly signal: AbortSignal;
  onProgress(text: string): void;
}

export interface KafkaService {
  readonly brokers: readonly string[];
  /** Its listener for clients that come through the TCP link proxy, and the port where it sends them; null: it has none. */
  readonly linkListener: { readonly address: string; readonly advertisedPort: number } | null;
  /** null for an external cluster, and while a broker of ours does not run. */
  readonly pid: number | null;
  /** The broker as a thing that may be broken; null or absent: it is not ours. */
  readonly broker?: BrokerHandle | null;
  readonly version: string | null;
  /** Resolves when a private broker has ended without being asked to. */
  readonly failed: Promise<Error>;
  /** `timestamps`: what the broker keeps as the time of a record. */
  createTopic(name: string, partitions: number, timestamps: "CreateTime" | "LogAppendTime"): Promise<void>;
  deleteTopics(names: readonly string[]): Promise<void>;
  /** What the broker says that a topic has: partitions, and settings by Kafka's names. */
  describeTopic(name: string): Promise<TopicSettings>;
  endOffsets(topic: string, partitions: number): Promise<readonly number[]>;
  stop(): Promise<void>;
}

export interface TopicSettings {
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

export type ZooKeeperStart = Pick<KafkaStart, "logFile" | "guard" | "signal" | "onProgress">;

/** A private ZooKeeper, through which leaders of replica groups are elected. */
export interface ZooKeeperService {
  /** `host:port` of each server. */
  readonly servers: readonly string[];
  readonly pid: number | null;
  /** For the record: version, Java, settings that shape results. */
  readonly description: ZooKeeperDescription;
  /** Resolves when it has ended without being asked to. */
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
}

/** The TCP link proxy of one run. */
export type LinkProxyProcess = Pick<LinkProxy, keyof LinkProxy>;

export interface FeederStart {
  readonly config: Config;
  /** The input stream that it feeds, and which of the stream's feeders it is, from 0. */
  readonly stream: RunStream;
  readonly part: number;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly rawDirectory: string;
  readonly logDirectory: string;
  readonly guard: Guard;
  onProgress(progress: FeederProgress): void;
}

export interface FeederProgress {
  /** Events due, sent and acknowledged so far. */
  readonly due: number;
  readonly sent: number;
  readonly acked: number;
  /** p99 of (sent − due) in the last interval; null without events. */
  readonly lagP99Us: number | null;
}

/** A feeder that has rendered ahead and waits for its start. */
export interface FeederProcess {
  readonly pid: number;
  /** Event 0 is due at `startUs` (monotonic), the same moment as `startWallMs`. */
  start(startUs: number, startWallMs: number): void;
  /** Resolves when everything was acknowledged; rejects with `feeder-failed`. */
  readonly done: Promise<FeederSummary>;
  stop(): Promise<void>;
}

export interface ObserverStart {
  readonly config: Config;
  readonly brokers: readonly string[];
  readonly topic: string;
  /** As which readers it reads; default: uncommitted, and with exactly-once also committed. */
  readonly isolations?: readonly ObserverIsolation[];
  readonly startWallMs: number;
  readonly rawDirectory: string;
  readonly logDirectory: string;
  readonly guard: Guard;
  onProgress(progress: ObserverProgress): void;
}

export interface ObserverProgress {
  readonly observed: number;
  readonly perSecond: number;
  /** Estimates over the last interval. */
  readonly p50Us: number | null;
  readonly p99Us: number | null;
}

/** The observer's last word. */
export interface ObserverEnd {
  /** Observations that it has written, of all readers. */
  readonly observed: number;
  /** Readers that did not come to the end: a transaction before it stayed open. */
  readonly heldUp: readonly ObserverIsolation[];
}

export interface ObserverProcess {
  readonly pid: number;
  /** The schedule's start, for the live estimate. */
  start(startUs: number): void;
  /** Resolves when it ends without being asked to. */
  readonly failed: Promise<Error>;
  /** Reads on to these offsets of the partitions, closes its files and ends. */
  stopAt(endOffsets: readonly number[]): Promise<ObserverEnd>;
  /** Ends it now; what it has observed is kept. */
  stop(): Promise<void>;
}

export interface SamplerStart {
  /** 0: nothing is sampled. */
  readonly intervalMs: number;
  /** `resources.jsonl`. */
  readonly file: string;
  /** This process tells of itself, too. */
  readonly runtime: boolean;
}

export interface Sampler {
  add(role: string, pid: number): void;
  stop(): Promise<unknown>;
}
