import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import type { DeployContext, Deployment, SystemUnderTest } from "../system.ts";
import { Launch } from "./launch.ts";
import type { Watch } from "./processes.ts";
import type { CommandSettings } from "./settings.ts";
import { type Waiting, waitForQuiet, waitUntil } from "./wait.ts";

const DEFAULT_QUIET_MS = 1_000;
const CHECK_MS = 100;
const STOP_POLL_MS = 20;
/** How long the kernel may take to end what was killed. */
const KILL_LIMIT_MS = 2_000;

/** What the command system needs besides a deployment's own context. */
export interface CommandServices {
  readonly guard: Watch;
  /** Aborted when the run is given up. */
  readonly signal: AbortSignal;
  /** How far each partition of a topic is written. */
  endOffsets(topic: string, partitions: number): Promise<readonly number[]>;
}

const realTime: Waiting = { now: monotonicUs, sleep: (ms) => delay(ms) };

/** A processor of the user's own, known by its commands only (docs/command-system.md). */
export function commandSystem(settings: CommandSettings, services: CommandServices): SystemUnderTest {
  return {
    name: settings.name,
    async deploy(context) {
      const { guard, signal } = services;
      const launch = new Launch(settings, context, { waiting: realTime, guard, signal });
      const deployment = new CommandDeployment(settings, context, services, launch);
      try {
        await deployment.start();
        return deployment;
      } catch (error) {
        await deployment.stop();
        throw error;
      }
    },
  };
}

class CommandDeployment implements Deployment {
  readonly failed: Promise<Error>;
  #processes: Deployment["processes"] = [];
  readonly #settings: CommandSettings;
  readonly #context: DeployContext;
  readonly #services: CommandServices;
  readonly #launch: Launch;
  #expectedEnd = false;
  #checks: NodeJS.Timeout | undefined;

  constructor(settings: CommandSettings, context: DeployContext, services: CommandServices, launch: Launch) {
    this.#settings = settings;
    this.#context = context;
    this.#services = services;
    this.#launch = launch;
    this.failed = new Promise((resolve) => {
      void launch.failed.then((error) => {
        if (!this.#expectedEnd) resolve(error);
      });
    });
  }

  get processes(): Deployment["processes"] {
    return this.#processes;
  }

  async start(): Promise<void> {
    this.#launch.start();
    const failed = this.failed.then((error): never => {
      throw error;
    });
    await Promise.race([this.#launch.untilReady(), failed, this.#givenUp()]);
    const named = this.#launch.all.flatMap((process) => process.members().map((pid) => ({ role: process.role, pid })));
    // One that was found by its number may be in a group that is known already.
    this.#processes = named.filter(({ pid }, i) => named.findLastIndex((other) => other.pid === pid) === i);
    this.#checks = setInterval(() => this.#launch.checkFound(), CHECK_MS);
  }

  #givenUp(): Promise<never> {
    const { signal } = this.#services;
    return new Promise((_resolve, reject) => {
      const giveUp = () => reject(new FaultlineError("interrupted", "interrupted while the system was starting"));
      if (signal.aborted) giveUp();
      else signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  async drain(timeoutMs: number): Promise<void> {
    const { drain } = this.#settings;
    if (drain.command !== undefined) return this.#drainByCommand(drain.command, timeoutMs);
    const { outputTopic, outputPartitions } = this.#context;
    const quietMs = drain.quiet ?? DEFAULT_QUIET_MS;
    const quiet = await waitForQuiet(realTime, { quietMs, limitMs: timeoutMs }, () =>
      this.#services.endOffsets(outputTopic, outputPartitions),
    );
    if (!quiet) throw drainError(`the output topic has not been quiet for ${quietMs} ms within ${timeoutMs} ms`);
  }

  async #drainByCommand(command: readonly string[], timeoutMs: number): Promise<void> {
    const { ok, how, output } = await this.#launch.helper("drain", command, timeoutMs);
    if (!ok) throw drainError(`the drain command failed (${how}): ${output.trim().slice(-300)}`);
  }

  /** Everything gets one `stop.timeout` to end in; what still runs then is killed with all its children. */
  async stop(): Promise<void> {
    this.#expectedEnd = true;
    clearInterval(this.#checks);
    await this.#launch.cancel();
    const { command, signal, timeout } = this.#settings.stop;
    const processes = this.#launch.all;
    const gone = () => processes.every((process) => !process.isRunning);
    const endUs = monotonicUs() + timeout * 1000;
    if (command !== undefined && !gone()) await this.#launch.helper("stop", command, timeout);
    else for (const process of processes) process.signal(signal ?? "SIGTERM");
    const leftMs = Math.max(0, (endUs - monotonicUs()) / 1000);
    if (!(await waitUntil(realTime, { everyMs: STOP_POLL_MS, limitMs: leftMs }, gone))) {
      for (const process of processes) process.signal("SIGKILL");
      await waitUntil(realTime, { everyMs: STOP_POLL_MS, limitMs: KILL_LIMIT_MS }, gone);
    }
    for (const process of processes) if (!process.isRunning) process.release();
  }

  describe(): Readonly<Record<string, unknown>> {
    const { name, kind, ready, stop, drain } = this.#settings;
    return { name, kind, commands: this.#launch.commands(), ready, stop, drain };
  }

  async counters() {
    return []; // a foreign system tells nothing of its tasks
  }
}

function drainError(message: string): FaultlineError {
  return new FaultlineError("run-failed", message, {
    hint: "Raise drainTimeout, or see drain in docs/command-system.md.",
    context: { reason: "drain-timeout" },
  });
}
