import { readFileSync } from "node:fs";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { EXIT } from "../../base/exit-codes.ts";
import type { Journal, Processes } from "../ports.ts";
import { stderrJournal } from "./stderr-journal.ts";

/** What is still open may take this long to close before the process ends anyway. */
const EXIT_GRACE_MS = 1500;

/**
 * Life and death of a cluster process: says when it is ready (one JSON line on stdout), ends when asked to (`SIGTERM`, `SIGINT`),
 * when whoever started it is gone (its stdin closes), and when something is thrown that nobody expected.
 */
export class ProcessShell implements Processes {
  readonly journal: Journal;
  readonly #end: (code: number) => void;
  readonly #closers: (() => void | Promise<void>)[] = [];
  #ending = false;

  /** `end` is `process.exit`, which only entry points may call. */
  constructor(name: string, end: (code: number) => void) {
    this.journal = stderrJournal(name);
    this.#end = end;
    process.on("uncaughtException", (error) => this.abort(error));
    process.on("unhandledRejection", (error) => this.abort(asFaultlineError(error)));
    process.stdout.on("error", () => this.exit());
  }

  /** Calls `stop` once, when the process is asked to end; it ends through `exit` or `abort`. */
  onStopRequest(stop: (reason: string) => void): void {
    let asked = false;
    const ask = (reason: string) => {
      if (asked) return;
      asked = true;
      this.journal.write("stopRequested", { reason });
      stop(reason);
    };
    process.on("SIGTERM", () => ask("SIGTERM"));
    process.on("SIGINT", () => ask("SIGINT"));
    process.stdin.on("end", () => ask("stdin closed"));
    process.stdin.on("error", () => ask("stdin broken"));
    process.stdin.resume();
  }

  /** Registers what is closed in good order before `exit` ends the process. */
  beforeExit(close: () => void | Promise<void>): void {
    this.#closers.push(close);
  }

  ready(facts: Readonly<Record<string, unknown>>): void {
    process.stdout.write(`${JSON.stringify({ ready: true, ...facts })}\n`);
  }

  exit(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.journal.write("exit", {});
    const grace = setTimeout(() => this.#end(EXIT.ok), EXIT_GRACE_MS);
    Promise.allSettled(this.#closers.map(async (close) => close())).then(() => {
      clearTimeout(grace);
      this.#end(EXIT.ok);
    });
  }

  abort(reason: Error): void {
    const error = asFaultlineError(reason);
    this.journal.write("abort", { error });
    this.#end(error.exitCode);
  }
}

/**
 * Runs the main function of a cluster process on its one argument: its specification, as JSON or as the path of a JSON file. What goes
 * wrong before the process is ready ends it with the error's exit code.
 */
export function runProcess<T>(
  argument: string | undefined,
  end: (code: number) => void,
  main: (spec: T) => Promise<void>,
): void {
  const start = async () => main(readSpec<T>(argument));
  start().catch((reason: unknown) => {
    const error = asFaultlineError(reason);
    stderrJournal("start").write("abort", { error });
    end(error.exitCode);
  });
}

function readSpec<T>(argument: string | undefined): T {
  if (argument === undefined) {
    throw new FaultlineError("usage", "no specification", { hint: "give JSON or the path of a JSON file" });
  }
  try {
    return JSON.parse(argument.startsWith("{") ? argument : readFileSync(argument, "utf8"));
  } catch (cause) {
    throw new FaultlineError("usage", `unreadable specification ${argument}`, { cause });
  }
}
