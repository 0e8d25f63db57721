import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runtimeFlags } from "../measure/runtime-flags.ts";
import { startChild } from "../services/child.ts";
import { inheritedNodeFlags } from "../services/entry-point.ts";
import type { Guard } from "../services/guard.ts";
import type { SpawnedProcess, SpawnNode } from "./system.ts";

/** Most lines that are kept for a listener that is not there yet. */
const MAX_WAITING_LINES = 1000;

/** Starts programs of ours, each with a log file `<role>.log` in `logDir`. `guard` ends them when this process dies. */
export function nodeSpawner(options: {
  readonly logDir: string;
  /** Where they report of themselves (`runtime-probe.ts`); absent: nowhere. */
  readonly runtimeFile?: string;
  readonly guard?: Guard | undefined;
}): SpawnNode {
  return (role, entry, spec, { nodeFlags = [] } = {}) => {
    const lines = new LineFeed();
    const runtime = runtimeFlags(role, options.runtimeFile ?? null);
    const child = startChild({
      role,
      file: process.execPath,
      args: [...inheritedNodeFlags(), ...runtime.nodeFlags, ...nodeFlags, fileURLToPath(entry), JSON.stringify(spec)],
      env: runtime.env,
      logFile: join(options.logDir, `${role}.log`),
      onMessage: (message) => lines.push(message),
      guard: options.guard,
    });
    return {
      role,
      pid: child.pid,
      onLine: (listener) => lines.listen(listener),
      send: (message) => child.send(message),
      stop: async (timeoutMs) => {
        await child.stop(timeoutMs);
      },
      exited: child.exited,
    } satisfies SpawnedProcess;
  };
}

/** Hands on what arrives, also what came before anybody listened. */
class LineFeed {
  #waiting: unknown[] = [];
  #listener: ((message: unknown) => void) | null = null;

  push(message: unknown): void {
    if (this.#listener !== null) this.#listener(message);
    else if (this.#waiting.length < MAX_WAITING_LINES) this.#waiting.push(message);
  }

  listen(listener: (message: unknown) => void): void {
    this.#listener = listener;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) listener(message);
  }
}
