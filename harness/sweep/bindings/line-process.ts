import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type ErrorCode, FaultlineError } from "../../../base/errors.ts";
import { runtimeFlags } from "../../measure/runtime-flags.ts";
import { type Child, startNodeChild } from "../../services/child.ts";
import type { Guard } from "../../services/guard.ts";

const READY_LIMIT_MS = 30_000;

export interface LineProcessOptions {
  readonly role: string;
  /** Program; its one argument is the path of the spec file. */
  readonly entry: string;
  readonly spec: unknown;
  readonly specFile: string;
  readonly logFile: string;
  /** Where it reports of itself (`runtime-probe.ts`); absent: nowhere. */
  readonly runtimeFile?: string;
  readonly guard: Guard;
  /** Code of the error when it breaks. */
  readonly failure: ErrorCode;
  /** Messages other than `ready` and `error`. */
  onMessage(message: Readonly<Record<string, unknown>>): void;
}

/** A process of the instrument: reads a spec file, prints JSON lines (`ready`, `error`, its own), takes JSON lines on stdin. */
export class LineProcess {
  readonly child: Child;
  /** Resolves when it breaks: an error line, or an end that nobody asked for. */
  readonly failed: Promise<FaultlineError>;
  readonly #options: LineProcessOptions;
  #fail: (error: FaultlineError) => void = () => undefined;
  #markReady: () => void = () => undefined;
  #mayEnd = false;

  private constructor(options: LineProcessOptions) {
    this.#options = options;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    const { role, entry, spec, specFile, logFile, guard } = options;
    writeFileSync(specFile, `${JSON.stringify(spec, null, 2)}\n`);
    this.child = startNodeChild({
      role,
      entry,
      args: [specFile],
      logFile,
      ...runtimeFlags(role, options.runtimeFile ?? null),
      guard,
      onMessage: (message) => this.#receive(message),
      onError: (error) => this.#fail(this.#failure(error.message)),
    });
    void this.child.exited.then(({ code, signal }) => {
      if (!this.#mayEnd) this.#fail(this.#failure(`ended unexpectedly (${signal ?? `exit code ${code}`})`));
    });
  }

  /** Starts the process and resolves when it is ready; stops it again when that fails. */
  static async start(options: LineProcessOptions): Promise<LineProcess> {
    let markReady = () => {};
    const ready = new Promise<void>((resolve) => {
      markReady = resolve;
    });
    const started = new LineProcess(options);
    started.#markReady = markReady;
    const limit = new AbortController();
    const late = delay(READY_LIMIT_MS, undefined, { signal: limit.signal }).then(
      () => started.#failure(`was not ready after ${READY_LIMIT_MS / 1000} s`),
      () => null, // ended early: the race is over
    );
    const error = await Promise.race([ready, started.failed, late]);
    limit.abort();
    if (!(error instanceof FaultlineError)) return started;
    await started.stop();
    throw error;
  }

  send(message: unknown): void {
    this.child.send(message);
  }

  /** From now on the process may end by itself. */
  mayEnd(): void {
    this.#mayEnd = true;
  }

  async stop(): Promise<void> {
    this.#mayEnd = true;
    await this.child.stop();
  }

  #receive(message: unknown): void {
    if (typeof message !== "object" || message === null) return;
    const fields = message as Readonly<Record<string, unknown>>;
    if ("ready" in fields) this.#markReady();
    else if ("error" in fields) this.#fail(this.#failure(describeError(fields.error)));
    else this.#options.onMessage(fields);
  }

  #failure(what: string): FaultlineError {
    const { role, failure, logFile } = this.#options;
    return new FaultlineError(failure, `${role}: ${what}`, { hint: `Its log is ${logFile}.` });
  }
}

function describeError(error: unknown): string {
  if (typeof error !== "object" || error === null) return String(error);
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return code === undefined ? String(message) : `${String(code)}: ${String(message)}`;
}
