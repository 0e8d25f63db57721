/**
 * The guard process: reads orders, one JSON a line, from the pipe on its stdin. When the pipe closes, because the harness
 * is done or dead, it undoes faults that were in force, ends every watched process, gracefully and then by force, removes the watched
 * directories, and exits.
 */
import { existsSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs } from "../../base/clock.ts";
import { asFaultlineError } from "../../base/errors.ts";
import { EXIT } from "../../base/exit-codes.ts";
import type { GuardOrder } from "./guard.ts";
import { isGroupRunning, type ProcessIdentity, signalGroup } from "./process-identity.ts";

const GRACE_MS = Number(process.argv[2]);
const POLL_MS = 50;

const processes = new Map<number, ProcessIdentity>();
const directories = new Set<string>();
/** CPU control groups that were made for a fault. */
const groups = new Set<string>();

function obey(order: GuardOrder): void {
  switch (order.kind) {
    case "watch":
      processes.set(order.process.pid, order.process);
      break;
    case "unwatch":
      processes.delete(order.pid);
      break;
    case "watchDir":
      directories.add(order.path);
      break;
    case "unwatchDir":
      directories.delete(order.path);
      break;
    case "watchGroup":
      groups.add(order.path);
      break;
    case "unwatchGroup":
      groups.delete(order.path);
      break;
  }
}

/** One order that fails, like the last one of a harness that died while it wrote it, must not keep the others from being carried out. */
function tryTo(work: () => void): void {
  try {
    work();
  } catch (error) {
    process.exitCode = EXIT.internal;
    process.stderr.write(`guard: ${asFaultlineError(error).message}\n`);
  }
}

async function endProcesses(): Promise<void> {
  const endUs = monotonicUs() + GRACE_MS * 1000;
  for (const identity of processes.values()) {
    tryTo(() => signalGroup(identity, "SIGTERM"));
    // One that a fault has stopped could not obey.
    tryTo(() => signalGroup(identity, "SIGCONT"));
  }
  while ([...processes.values()].some(isGroupRunning) && monotonicUs() < endUs) await delay(POLL_MS);
  for (const identity of processes.values()) tryTo(() => signalGroup(identity, "SIGKILL"));
}

/** Processes must be able to end at their usual speed. */
function liftQuotas(): void {
  for (const folder of groups) {
    tryTo(() => {
      if (existsSync(folder)) writeFileSync(`${folder}/cpu.cfs_quota_us`, "-1");
    });
  }
}

/** After their processes have ended: only an empty group can be removed. */
function removeGroups(): void {
  for (const folder of groups) {
    tryTo(() => {
      if (existsSync(folder)) rmdirSync(folder);
    });
  }
}

// A terminal's Ctrl-C is for the harness; the guard ends with its pipe only.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => {});

// A harness that is gone reads nothing any more; that is no reason to leave its processes behind.
process.stderr.on("error", () => {});

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) tryTo(() => obey(JSON.parse(line) as GuardOrder));
liftQuotas();
await endProcesses();
removeGroups();
for (const path of directories) tryTo(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
