import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { FaultlineError } from "../../base/errors.ts";
import { entryPoint, inheritedNodeFlags } from "./entry-point.ts";
import { gone, identify, type ProcessIdentity } from "./process-identity.ts";

const READY_LIMIT_MS = 30_000;

/** What the harness tells its guard. */
export type GuardOrder =
  | { readonly kind: "watch"; readonly process: ProcessIdentity }
  | { readonly kind: "unwatch"; readonly pid: number }
  | { readonly kind: "watchDir" | "unwatchDir" | "watchGroup" | "unwatchGroup"; readonly path: string };

/** A process of its own that cleans up behind the harness however it ends. */
export interface Guard {
  readonly pid: number;
  /**
   * Ends the process, and the group that it leads, when this process is gone; one that was stopped (SIGSTOP) is continued, so that it can
   * end in good order. Of a process that is gone already, what it left in its group.
   */
  watch(pid: number): void;
  /** After the process has ended, or was handed to somebody else. */
  unwatch(pid: number): void;
  /** Removes the directory when this process is gone. An absolute path. */
  watchDir(path: string): void;
  unwatchDir(path: string): void;
  /** Lifts the quota of the CPU control group in this folder when this process is gone, and removes the group. */
  watchGroup(folder: string): void;
  unwatchGroup(folder: string): void;
  /** Cleans up what is still watched and ends the guard. */
  close(): Promise<void>;
}

export interface GuardOptions {
  /** Time between SIGTERM and SIGKILL. Default 5,000. */
  readonly graceMs?: number;
}

/** Starts the guard. It lives in a session of its own, so that a terminal's Ctrl-C does not reach it. Throws `service-start-failed`. */
export async function startGuard({ graceMs = 5_000 }: GuardOptions = {}): Promise<Guard> {
  const program = entryPoint(import.meta.url, "./guard-process");
  const child = spawn(process.execPath, [...inheritedNodeFlags(), program, String(graceMs)], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  const exited = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve()); // there is no process
  });
  const limit = new AbortController();
  const late = delay(READY_LIMIT_MS, false, { signal: limit.signal }).catch(() => false); // the race is over
  const isReady = await Promise.race([once(child.stdout, "data").then(() => true), exited.then(() => false), late]);
  limit.abort();
  const { pid } = child;
  if (!isReady || pid === undefined) {
    child.kill("SIGKILL");
    throw new FaultlineError("service-start-failed", "the guard process does not start", {
      hint: "It is a Node process like this one: check the limits on processes and memory.",
    });
  }
  // A guard that dies takes nothing with it; the harness stops its children itself.
  child.stdin.on("error", () => {});
  child.unref();
  child.stdout.destroy();
  const tell = (order: GuardOrder) => {
    child.stdin.write(`${JSON.stringify(order)}\n`);
  };
  return {
    pid,
    watch: (watched) => tell({ kind: "watch", process: identify(watched) ?? gone(watched) }),
    unwatch: (watched) => tell({ kind: "unwatch", pid: watched }),
    watchDir: (path) => tell({ kind: "watchDir", path }),
    unwatchDir: (path) => tell({ kind: "unwatchDir", path }),
    watchGroup: (path) => tell({ kind: "watchGroup", path }),
    unwatchGroup: (path) => tell({ kind: "unwatchGroup", path }),
    close: async () => {
      child.ref();
      child.stdin.end();
      await exited;
    },
  };
}
