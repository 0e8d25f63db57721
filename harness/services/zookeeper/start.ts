import { resolve } from "node:path";
import { FaultlineError } from "../../../base/errors.ts";
import type { Child, ChildExit } from "../child.ts";
import { freePorts } from "../free-ports.ts";
import type { Guard } from "../guard.ts";
import { findJava } from "../java.ts";
import { installZooKeeper, ZOOKEEPER_VERSION } from "./install.ts";
import {
  NOTABLE_SETTINGS,
  type ServerPlace,
  type ServerRuntime,
  startServer,
  waitUntilReady,
  writeConfiguration,
} from "./server.ts";
import type { ZooKeeperDescription, ZooKeeperService } from "./service.ts";

const PORT_ATTEMPTS = 5;
const STOP_TIMEOUT_MS = 10_000;

export interface StartZooKeeperOptions {
  /** The server's own directory, made when missing; empty or absent before. Whoever gives it removes it after `stop`. */
  readonly dataDir: string;
  readonly logFile: string;
  /** Java's largest heap, like `256m` (the default). */
  readonly heap?: string;
  /** Ends the server when this process dies. */
  readonly guard?: Guard;
  /** Aborted: a server that is starting is ended at once, with `interrupted`. */
  readonly signal?: AbortSignal;
  readonly onProgress: (message: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  /** So many ports that are free now; others may take them before the server does. */
  readonly findPorts?: (count: number) => Promise<readonly number[]>;
}

/**
 * Installs ZooKeeper when needed and starts a private one: one server, loopback only, a free port.
 * Throws `java-missing`, `maven-missing`, `registry-unreachable`, `artifact-corrupt`, `port-unavailable`, `service-start-failed` or `interrupted`.
 */
export async function startZooKeeper(options: StartZooKeeperOptions): Promise<ZooKeeperService> {
  const { onProgress, guard, env = process.env, findPorts = freePorts } = options;
  const java = await findJava(env);
  const { classPath } = await installZooKeeper(onProgress, env);
  const dataDir = resolve(options.dataDir);
  onProgress(`starting ZooKeeper ${ZOOKEEPER_VERSION}`);
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt++) {
    const [clientPort = 0] = await findPorts(1);
    const place = { dataDir: `${dataDir}/${attempt}`, clientPort };
    const logFile = `${resolve(options.logFile)}${attempt === 1 ? "" : `.${attempt}`}`;
    const runtime: ServerRuntime = { java, classPath, heap: options.heap ?? "256m", logFile, guard };
    writeConfiguration(place);
    const child = startServer(runtime, place);
    try {
      await waitUntilReady(child, place, logFile, options.signal);
      return new PrivateZooKeeper(runtime, place, child);
    } catch (error) {
      if (!(error instanceof FaultlineError && error.code === "port-unavailable")) throw error;
      onProgress(`port ${clientPort} was taken meanwhile: trying another one`);
    }
  }
  throw new FaultlineError("port-unavailable", `no free port for ZooKeeper after ${PORT_ATTEMPTS} attempts`, {
    hint: "Something on this machine takes ports very quickly; try again.",
  });
}

class PrivateZooKeeper implements ZooKeeperService {
  readonly servers: readonly string[];
  readonly failed: Promise<ChildExit>;
  readonly #runtime: ServerRuntime;
  readonly #place: ServerPlace;
  #child: Child | null = null;
  #reportFailure: (exit: ChildExit) => void = () => {};

  constructor(runtime: ServerRuntime, place: ServerPlace, child: Child) {
    this.#runtime = runtime;
    this.#place = place;
    this.servers = [`127.0.0.1:${place.clientPort}`];
    this.failed = new Promise((report) => {
      this.#reportFailure = report;
    });
    this.#adopt(child);
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async stop(): Promise<void> {
    await this.#release()?.stop(STOP_TIMEOUT_MS);
  }

  async kill(): Promise<void> {
    await this.#release()?.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    const child = startServer(this.#runtime, this.#place);
    this.#adopt(child); // at once: `stop` must reach one that is only starting
    await waitUntilReady(child, this.#place, this.#runtime.logFile);
  }

  describe(): ZooKeeperDescription {
    const { java, heap } = this.#runtime;
    return { version: ZOOKEEPER_VERSION, java: java.version, heap, settings: NOTABLE_SETTINGS };
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
