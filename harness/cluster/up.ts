import { type ChildProcessByStdio, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { monotonicUs } from "../../base/clock.ts";
import { benchLine } from "../../base/command-line.ts";
import { FaultlineError } from "../../base/errors.ts";
import { entryPoint, inheritedNodeFlags } from "../services/entry-point.ts";
import { identify, isGroupRunning, type ProcessIdentity, signalGroup } from "../services/process-identity.ts";
import { sleep } from "../sweep/bindings/clock.ts";
import type { ClusterFolder } from "./folder.ts";
import { askKeeper, namedError } from "./keeper/client.ts";
import type { KeeperLine, KeeperSpec } from "./keeper/protocol.ts";
import { type ClusterState, readState, runningCluster } from "./state.ts";

/** Of a keeper that was asked to end, and of one that was told to by signal. */
const DOWN_MS = 40_000;
const SIGNAL_MS = 15_000;
const POLL_MS = 20;

/**
 * Starts a cluster in the background and resolves when it is ready. Throws `usage` when one runs in this folder, and what kept it from
 * starting; then nothing is left of it. `signal` gives it up.
 */
export async function startHandCluster(
  folder: ClusterFolder,
  size: Omit<KeeperSpec, "directory">,
  signal: AbortSignal,
  onProgress: (text: string) => void,
): Promise<ClusterState> {
  if (readState(folder) !== null) {
    throw new FaultlineError("usage", "a cluster runs here already", {
      hint: `${benchLine`cluster down`} ends it; --dir DIR starts another one.`,
    });
  }
  mkdirSync(folder.logs, { recursive: true });
  const log = openSync(join(folder.logs, "keeper.log"), "a");
  const program = entryPoint(import.meta.url, "./keeper/keeper-main");
  const spec: KeeperSpec = { ...size, directory: folder.path };
  const child = spawn(process.execPath, [...inheritedNodeFlags(), program, JSON.stringify(spec)], {
    stdio: ["ignore", "pipe", log],
    detached: true,
  }) as ChildProcessByStdio<null, Readable, null>; // stdio says so
  closeSync(log);
  const identity = child.pid === undefined ? null : identify(child.pid);
  const giveUp = () => identity !== null && signalGroup(identity, "SIGTERM");
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await untilReady(child.stdout, signal, onProgress);
  } finally {
    signal.removeEventListener("abort", giveUp);
    child.stdout.destroy();
    child.unref();
  }
  return runningCluster(folder);
}

async function untilReady(
  lines: NodeJS.ReadableStream,
  signal: AbortSignal,
  onProgress: (text: string) => void,
): Promise<void> {
  for await (const line of createInterface({ input: lines })) {
    const told = JSON.parse(line) as KeeperLine;
    if ("ready" in told) return;
    if ("error" in told) throw namedError(told.error);
    onProgress(told.progress);
  }
  if (signal.aborted) throw new FaultlineError("interrupted", "the cluster was given up while it started");
  throw new FaultlineError("service-start-failed", "the cluster's keeper process ended at its start", {
    hint: "keeper.log among its logs says why.",
  });
}

/** Ends the cluster of this folder, in good order and then by force; resolves when nothing of it runs. */
export async function endHandCluster(folder: ClusterFolder): Promise<void> {
  const state = runningCluster(folder);
  const { keeper } = state;
  try {
    await askKeeper(state, { ask: "down" });
  } catch (error) {
    // One that does not answer is told by signal.
    if (!(error instanceof FaultlineError) || error.code !== "cluster-missing") throw error;
    signalGroup(keeper, "SIGTERM");
  }
  if (await isGone(keeper, DOWN_MS)) return;
  signalGroup(keeper, "SIGTERM");
  if (await isGone(keeper, SIGNAL_MS)) return;
  // Its guard then ends what belongs to it.
  signalGroup(keeper, "SIGKILL");
  await isGone(keeper, SIGNAL_MS);
  readState(folder); // removes the file that it could not
}

async function isGone(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const limitUs = monotonicUs() + limitMs * 1000;
  while (isGroupRunning(identity)) {
    if (monotonicUs() > limitUs) return false;
    await sleep(POLL_MS);
  }
  return true;
}
