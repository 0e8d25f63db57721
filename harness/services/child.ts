import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { inheritedNodeFlags } from "./entry-point.ts";
import type { Guard } from "./guard.ts";
import { gone, identify, signalGroup } from "./process-identity.ts";

const DEFAULT_STOP_MS = 5_000;

export interface ChildExit {
  /** Null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  /** What the process is to people: `broker`, `worker 2`. */
  readonly role: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Its stderr is appended here, and its stdout too unless `onMessage` is there. */
  readonly logFile: string;
  /** Each line of its stdout, parsed as JSON. */
  readonly onMessage?: (message: unknown) => void;
  /** A line of its stdout that is not JSON, or an `onMessage` that threw. */
  readonly onError?: (error: FaultlineError) => void;
  readonly guard?: Guard | undefined;
}

/** A running child process. It leads a process group of its own: signals reach its children too, a terminal's Ctrl-C does not reach it. */
export interface Child {
  readonly role: string;
  readonly pid: number;
  /** Resolves when it has ended, whoever ended it; never rejects. */
  readonly exited: Promise<ChildExit>;
  /** Writes one JSON line to its stdin. */
  send(message: unknown): void;
  /** SIGTERM, and SIGKILL when it still runs after `timeoutMs` (default 5,000). */
  stop(timeoutMs?: number): Promise<ChildExit>;
  /** SIGKILL. */
  kill(): Promise<ChildExit>;
}

/** Starts a child process. Throws `service-start-failed` when the system refuses. */
export function startChild(options: ChildOptions): Child {
  const { role, file, args, logFile, guard } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, "a") as 3; // execa's types know the descriptors 3 to 9 only, execa any
  const subprocess = execa(file, args, {
    stdin: "pipe",
    stdout: options.onMessage === undefined ? log : "pipe",
    stderr: log, // the file itself: it is complete even when the harness dies
    env: options.env ?? {},
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    detached: true,
    buffer: false,
    reject: false,
    cleanup: false,
  });
  closeSync(log);
  const { pid } = subprocess;
  if (pid === undefined) {
    subprocess.catch(() => {}); // reported here
    throw new FaultlineError("service-start-failed", `${role}: cannot start ${file}`, {
      hint: "Check that the program is installed and that the system permits more processes.",
      context: { role, file },
    });
  }
  guard?.watch(pid);
  const identity = identify(pid) ?? gone(pid);
  const exited: Promise<ChildExit> = new Promise((resolve) => {
    subprocess.nodeChildProcess.once("exit", (code, signal) => {
      guard?.unwatch(pid);
      resolve({ code, signal });
    });
  });
  if (subprocess.stdout !== null && options.onMessage !== undefined) {
    readMessages(subprocess.stdout, role, options.onMessage, options.onError);
  }
  subprocess.stdin?.on("error", () => {}); // the child has ended, which `exited` tells
  const kill = () => {
    signalGroup(identity, "SIGKILL");
    return exited;
  };
  return {
    role,
    pid,
    exited,
    send: (message) => {
      subprocess.stdin?.write(`${JSON.stringify(message)}\n`);
    },
    stop: async (timeoutMs = DEFAULT_STOP_MS) => {
      signalGroup(identity, "SIGTERM");
      const force = setTimeout(kill, timeoutMs);
      const exit = await exited;
      clearTimeout(force);
      signalGroup(identity, "SIGKILL"); // what it left behind
      return exit;
    },
    kill,
  };
}

/** Starts a program of ours on the Node that runs this process, with the same flags. `entry`: its path, see `entryPoint`. */
export function startNodeChild(
  options: Omit<ChildOptions, "file"> & { readonly entry: string; readonly nodeFlags?: readonly string[] },
): Child {
  const { entry, nodeFlags = [], args, ...rest } = options;
  return startChild({ ...rest, file: process.execPath, args: [...inheritedNodeFlags(), ...nodeFlags, entry, ...args] });
}

function readMessages(
  stdout: NodeJS.ReadableStream,
  role: string,
  onMessage: (message: unknown) => void,
  onError: ((error: FaultlineError) => void) | undefined,
): void {
  createInterface({ input: stdout }).on("line", (line) => {
    try {
      onMessage(JSON.parse(line));
    } catch (cause) {
      const error =
        cause instanceof SyntaxError
          ? new FaultlineError("system-failed", `${role} wrote a line that is not JSON: ${line.slice(0, 200)}`, {
              cause,
            })
          : asFaultlineError(cause);
      if (onError === undefined) throw error;
      onError(error);
    }
  });
}
