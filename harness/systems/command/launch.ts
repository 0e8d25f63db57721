import { join } from "node:path";
import { FaultlineError } from "../../../base/errors.ts";
import { identify } from "../../services/process-identity.ts";
import type { DeployContext } from "../system.ts";
import { type HelperOutcome, runHelper } from "./helper.ts";
import { LogLines, logTail } from "./log-lines.ts";
import { environment, expand, type PlaceholderValues, placeholderValues } from "./placeholders.ts";
import { type StartedProcess, startProcess, type Watch, WatchedProcess } from "./processes.ts";
import type { CommandSettings, ProcessSettings, ReadySettings } from "./settings.ts";
import { type Waiting, waitUntil } from "./wait.ts";

const POLL_MS = 20;
const FIND_POLL_MS = 200;
const FIND_LIMIT_MS = 30_000;
const HELPER_LIMIT_MS = 10_000;

export interface LaunchWorld {
  readonly waiting: Waiting;
  readonly guard: Watch;
  /** Aborted when the run is given up. */
  readonly signal: AbortSignal;
}

/** The processes of one deployment of the user's commands: starts them, waits for them, finds them. Ends nothing. */
export class Launch {
  readonly started: StartedProcess[] = [];
  readonly found: WatchedProcess[] = [];
  /** Resolves with what has happened when a process has ended that must not. */
  readonly failed: Promise<FaultlineError>;
  readonly #settings: CommandSettings;
  readonly #world: LaunchWorld;
  readonly #values: PlaceholderValues;
  readonly #logDir: string;
  #fail: (error: FaultlineError) => void = () => undefined;
  #cancelled = false;

  constructor(settings: CommandSettings, context: DeployContext, world: LaunchWorld) {
    this.#settings = settings;
    this.#world = world;
    this.#values = placeholderValues(context);
    this.#logDir = context.logDir;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  /** Everything that is to be signalled in the end. */
  get all(): readonly WatchedProcess[] {
    return [...this.started.map(({ process }) => process), ...this.found];
  }

  /** What the commands are with placeholders filled in, for the record. */
  commands(): readonly { readonly role: string; readonly command: readonly string[] }[] {
    return this.#settings.start.map(({ role, command }) => ({ role, command: this.#fill(command) }));
  }

  /** Starts all processes in order. Throws `service-start-failed` when there is no such program. */
  start(): void {
    for (const settings of this.#settings.start) {
      const started = this.#start(settings);
      this.started.push(started);
      void started.exited.then(({ code, signal }) => {
        // What detaches itself may end well; its processes are the ones to watch.
        if (code === 0 && this.#settings.pids !== undefined) return;
        this.#fail(this.#ended(settings.role, signal ?? `exit code ${code}`, started.logFile));
      });
    }
  }

  #start({ role, command, cwd, env }: ProcessSettings): StartedProcess {
    const own = Object.entries(env).map(([name, value]) => [name, expand(value, this.#values)] as const);
    return startProcess({
      role,
      command: this.#fill(command),
      cwd: cwd === undefined ? undefined : expand(cwd, this.#values),
      env: { ...environment(this.#values), ...Object.fromEntries(own) },
      logDir: this.#logDir,
      guard: this.#world.guard,
    });
  }

  /** Waits as `ready` says, then for what `pids` prints. Rejects with `service-start-failed` when that takes too long. */
  async untilReady(): Promise<void> {
    const { ready } = this.#settings;
    if (ready !== "none") await this.#untilReady(ready);
    if (this.#settings.pids !== undefined) await this.#find(this.#settings.pids);
  }

  async #untilReady(ready: Exclude<ReadySettings, "none">): Promise<void> {
    if (ready.delay !== undefined) {
      await this.#wait(POLL_MS, ready.delay, () => false);
      return;
    }
    const pattern = new RegExp(ready.line ?? "");
    const waitingFor = new Map(
      this.started
        .filter(({ process }) => ready.roles?.includes(process.role) ?? true)
        .map(({ process, logFile }) => [process.role, new LogLines(logFile)]),
    );
    const allReady = () => {
      for (const [role, lines] of waitingFor) if (lines.match(pattern)) waitingFor.delete(role);
      return waitingFor.size === 0;
    };
    if (await this.#wait(POLL_MS, ready.timeout, allReady)) return;
    const [role = ""] = waitingFor.keys();
    throw new FaultlineError("service-start-failed", `${role} has printed no line like /${ready.line}/ in time`, {
      hint: `It has ${ready.timeout / 1000} s; its log is ${join(this.#logDir, `${role}.log`)}.`,
    });
  }

  async #find(command: readonly string[]): Promise<void> {
    let outcome: HelperOutcome | undefined;
    const found = await this.#wait(FIND_POLL_MS, FIND_LIMIT_MS, async () => {
      outcome = await this.#findOnce(command);
      return this.found.length > 0;
    });
    if (found) return;
    const what = outcome === undefined ? "" : `${outcome.how}: ${outcome.output.trim().slice(-300)}`;
    throw new FaultlineError("service-start-failed", `the pids command names no process (${what})`, {
      hint: "It must print `role pid` per line and exit with 0 once the processes run.",
    });
  }

  async #findOnce(command: readonly string[]): Promise<HelperOutcome> {
    const outcome = await this.helper("pids", command, HELPER_LIMIT_MS);
    const lines = outcome.ok ? outcome.output.matchAll(/^(\S+)[ \t]+(\d+)[ \t]*\r?$/gm) : [];
    const named = [...lines].map(([, role = "", pid]) => ({ role, pid: Number(pid) }));
    // A list that names a process which is gone is of an earlier start, or not whole yet.
    if (named.some(({ pid }) => identify(pid) === null)) return outcome;
    for (const { role, pid } of named) this.found.push(new WatchedProcess(role, pid, this.#world.guard));
    return outcome;
  }

  /** Nobody waits for it any more. What detached itself and was not found yet is looked for once, so that it can be ended. */
  async cancel(): Promise<void> {
    this.#cancelled = true;
    const { pids } = this.#settings;
    if (pids !== undefined && this.found.length === 0) await this.#findOnce(pids);
  }

  /** A command of the user's that ends by itself. */
  helper(role: string, command: readonly string[], limitMs: number): Promise<HelperOutcome> {
    const { guard, waiting } = this.#world;
    const start = { role, command: this.#fill(command), env: environment(this.#values), logDir: this.#logDir, guard };
    return runHelper(waiting, start, limitMs);
  }

  /** Looks whether the found processes still run; their ends are told to nobody. */
  checkFound(): void {
    for (const { role, pid, isRunning } of this.found) {
      if (!isRunning) this.#fail(this.#ended(role, `pid ${pid} is gone`, join(this.#logDir, `${role}.log`)));
    }
  }

  #wait(everyMs: number, limitMs: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
    const { waiting, signal } = this.#world;
    return waitUntil(waiting, { everyMs, limitMs, cancelled: () => signal.aborted || this.#cancelled }, holds);
  }

  #fill(command: readonly string[]): string[] {
    return command.map((part) => expand(part, this.#values));
  }

  #ended(role: string, how: string, logFile: string): FaultlineError {
    const tail = logTail(logFile);
    const said = tail === "" ? "it has printed nothing" : `its log ends: ${tail}`;
    return new FaultlineError("system-failed", `${role} has ended: ${how}; ${said}`, {
      hint: `Its whole log is ${logFile}.`,
      context: { role, how },
    });
  }
}
