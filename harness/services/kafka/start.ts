import { resolve } from "node:path";
import { FaultlineError } from "../../../base/errors.ts";
import type { Child, ChildExit } from "../child.ts";
import { freePorts } from "../free-ports.ts";
import type { Guard } from "../guard.ts";
import { findJava } from "../java.ts";
import { classArchive } from "./class-archive.ts";
import { installKafka, KAFKA_VERSION } from "./install.ts";
import { type BrokerRuntime, formatStorage, startBroker, waitUntilReady } from "./jvm.ts";
import { isPortTaken, recentLog } from "./log-reason.ts";
import { type BrokerPlace, NOTABLE_SETTINGS } from "./properties.ts";
import type { KafkaDescription, KafkaService } from "./service.ts";

const PORT_ATTEMPTS = 5;
const STOP_TIMEOUT_MS = 15_000;

export interface StartKafkaOptions {
  /** The broker's own directory, made when missing; empty or absent before. Whoever gives it removes it after `stop`. */
  readonly dataDir: string;
  readonly logFile: string;
  /** Java's heap, like `1g` (the default). */
  readonly heap?: string;
  /** Ends the broker when this process dies. */
  readonly guard?: Guard;
  /** Aborted: a broker that is starting is ended at once, with `interrupted`. */
  readonly signal?: AbortSignal;
  readonly onProgress: (message: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  /** So many ports that are free now; others may take them before the broker does. */
  readonly findPorts?: (count: number) => Promise<readonly number[]>;
}

/**
 * Installs Kafka when needed and starts a private broker: KRaft, one node, loopback only, free ports.
 * Throws `java-missing`, `maven-missing`, `registry-unreachable`, `artifact-corrupt`, `port-unavailable`, `service-start-failed` or `interrupted`.
 */
export async function startKafka(options: StartKafkaOptions): Promise<KafkaService> {
  const { onProgress, guard, env = process.env, findPorts = freePorts } = options;
  const java = await findJava(env);
  const kafka = await installKafka(onProgress, env);
  const archive = await classArchive(java, kafka, guard, onProgress);
  const runtime: BrokerRuntime = {
    java,
    classPath: kafka.classPath,
    archive,
    heap: options.heap ?? "1g",
    logFile: resolve(options.logFile),
    guard,
  };
  onProgress(`starting Kafka ${KAFKA_VERSION}`);
  const dataDir = resolve(options.dataDir);
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt++) {
    const [clientPort = 0, controllerPort = 0, port = 0, proxyPort = 0] = await findPorts(4);
    const link = { port, proxyPort };
    const place = { dataDir: `${dataDir}/${attempt}`, clientPort, controllerPort, link };
    const clusterId = await formatStorage(runtime, place);
    const child = startBroker(runtime, place);
    try {
      await waitUntilReady(child, place, runtime.logFile, clusterId, options.signal);
      return new PrivateKafka(runtime, place, clusterId, child);
    } catch (error) {
      if (options.signal?.aborted || !isPortTaken(recentLog(runtime.logFile))) throw error;
      onProgress(`port ${clientPort}, ${controllerPort} or ${port} was taken meanwhile: trying others`);
    }
  }
  throw new FaultlineError("port-unavailable", `no free ports for Kafka after ${PORT_ATTEMPTS} attempts`, {
    hint: "Something on this machine takes ports very quickly; try again.",
  });
}

class PrivateKafka implements KafkaService {
  readonly version = KAFKA_VERSION;
  readonly brokers: readonly string[];
  readonly linkListener: KafkaService["linkListener"];
  readonly failed: Promise<ChildExit>;
  readonly #runtime: BrokerRuntime;
  readonly #place: BrokerPlace;
  readonly #clusterId: string;
  #child: Child | null = null;
  #isReady = true;
  #reportFailure: (exit: ChildExit) => void = () => {};

  constructor(runtime: BrokerRuntime, place: BrokerPlace, clusterId: string, child: Child) {
    this.#runtime = runtime;
    this.#place = place;
    this.#clusterId = clusterId;
    this.brokers = [`127.0.0.1:${place.clientPort}`];
    const { link } = place;
    this.linkListener =
      link === undefined ? null : { address: `127.0.0.1:${link.port}`, advertisedPort: link.proxyPort };
    this.failed = new Promise((report) => {
      this.#reportFailure = report;
    });
    this.#adopt(child);
  }

  get pid(): number | null {
    return this.#isReady ? (this.#child?.pid ?? null) : null;
  }

  async stop(): Promise<void> {
    await this.#release()?.stop(STOP_TIMEOUT_MS);
  }

  async kill(): Promise<void> {
    await this.#release()?.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    const child = startBroker(this.#runtime, this.#place);
    this.#isReady = false;
    this.#adopt(child); // at once: `stop` must reach one that is only starting
    await waitUntilReady(child, this.#place, this.#runtime.logFile, this.#clusterId);
    this.#isReady = true;
  }

  describe(): KafkaDescription {
    const { java, heap, archive } = this.#runtime;
    return {
      kind: "private",
      brokers: this.brokers,
      version: this.version,
      java: java.version,
      heap,
      hasClassArchive: archive !== null,
      settings: NOTABLE_SETTINGS,
    };
  }

  #adopt(child: Child): void {
    this.#child = child;
    child.exited.then((exit) => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#reportFailure(exit);
    });
  }

  /** The running child, whose end is now expected. */
  #release(): Child | null {
    const child = this.#child;
    this.#child = null;
    return child;
  }
}
