import { setTimeout as sleep } from "node:timers/promises";
import { monotonicUs } from "../../../base/clock.ts";
import type { RecoveryCluster } from "./cluster.ts";
import type { Load, Seen } from "./load.ts";

export type Fault = "kill" | "pause";

/** Parts of one recovery, ms; null: it was not seen. */
export interface Recovery {
  /** From the fault until the coordinator acted on it. */
  readonly detectedMs: number | null;
  /** From there until the next attempt was ordered. */
  readonly endedMs: number | null;
  /** Of the worker that took longest: the job's module, its tasks' state, its tasks. */
  readonly loadMs: number | null;
  readonly restoreMs: number | null;
  readonly buildMs: number | null;
  /** From the order of the attempt until all its workers were told to start. */
  readonly runningMs: number | null;
  readonly firstOutputMs: number | null;
  /** Longest time without an output that ends after the fault. */
  readonly gapMs: number;
  /** The same, where outputs that were there before the fault and are written once more do not count. */
  readonly newGapMs: number;
  /** From the fault until outputs were as young again as before, for a second. */
  readonly caughtUpMs: number | null;
}

const LIMIT_MS = 30_000;
const POLL_MS = 50;
/** Outputs that are older than this were held up. */
const YOUNG_MS = 200;
const STEADY_US = 1_000_000;

/** Strikes the worker of the first source half way between two checkpoints, waits until all is well again, and tells what was seen. */
export async function measureFault(
  cluster: RecoveryCluster,
  load: Load,
  fault: Fault,
  intervalMs: number,
): Promise<Recovery> {
  await untilNextCheckpoint(cluster, intervalMs);
  await sleep(intervalMs / 2);
  const seen: Seen[] = [...load.take()];
  const victim = await cluster.victim();
  const known = cluster.states.length;
  const atUs = monotonicUs();
  process.kill(victim.pid, fault === "kill" ? "SIGKILL" : "SIGSTOP");
  const limitUs = atUs + LIMIT_MS * 1000;
  let caughtUpUs: number | null = null;
  while (caughtUpUs === null && monotonicUs() < limitUs) {
    await sleep(POLL_MS);
    for (const one of load.take()) seen.push(one); // too many for one call
    caughtUpUs = caughtUp(seen, atUs);
  }
  if (fault === "pause") process.kill(victim.pid, "SIGKILL");
  await cluster.replace(victim);
  return recoveryOf(cluster, seen, atUs, known, caughtUpUs);
}

async function untilNextCheckpoint(cluster: RecoveryCluster, intervalMs: number): Promise<void> {
  const limitUs = monotonicUs() + (LIMIT_MS + 2 * intervalMs) * 1000;
  const fromUs = monotonicUs();
  while (!cluster.checkpoints.some(({ outcome, triggeredUs }) => outcome === "completed" && triggeredUs > fromUs)) {
    if (monotonicUs() > limitUs) throw new Error("no checkpoint was completed in time");
    await sleep(POLL_MS);
  }
}

/** When the first second after the gap began in which no output was old; null: not yet. */
function caughtUp(seen: readonly Seen[], faultUs: number): number | null {
  const after = seen.filter(({ atUs, isNew }) => isNew && atUs > faultUs);
  const old = after.findLast(({ atUs, sentUs }) => atUs - sentUs > YOUNG_MS * 1000);
  const fromUs = old?.atUs ?? null;
  const last = after.at(-1);
  if (fromUs === null || last === undefined || last.atUs - fromUs < STEADY_US) return null;
  return fromUs;
}

function recoveryOf(
  cluster: RecoveryCluster,
  seen: readonly Seen[],
  faultUs: number,
  known: number,
  caughtUpUs: number | null,
): Recovery {
  const states = cluster.states.slice(known);
  const restarting = states.find(({ state }) => state === "restarting");
  const deploying = states.find(({ state }) => state === "deploying");
  const running = states.find(({ state }) => state === "running");
  const between = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined ? null : (to - from) / 1000;
  const deployed = deploying === undefined ? [] : cluster.journal("deployed", deploying.attempt);
  const longest = (part: string) =>
    deployed.length === 0 ? null : Math.max(...deployed.map((line) => Number(line[part]))) / 1000;
  const first = running === undefined ? undefined : seen.find(({ atUs }) => atUs > running.atUs);
  return {
    detectedMs: between(faultUs, restarting?.atUs),
    endedMs: between(restarting?.atUs, deploying?.atUs),
    loadMs: longest("loadUs"),
    restoreMs: longest("restoreUs"),
    buildMs: longest("buildUs"),
    runningMs: between(deploying?.atUs, running?.atUs),
    firstOutputMs: between(running?.atUs, first?.atUs),
    gapMs: gapOf(seen, faultUs),
    newGapMs: gapOf(
      seen.filter(({ isNew }) => isNew),
      faultUs,
    ),
    caughtUpMs: caughtUpUs === null ? null : (caughtUpUs - faultUs) / 1000,
  };
}

function gapOf(seen: readonly Seen[], faultUs: number): number {
  let longestUs = 0;
  for (let i = 1; i < seen.length; i++) {
    const { atUs } = seen[i]!;
    if (atUs > faultUs) longestUs = Math.max(longestUs, atUs - seen[i - 1]!.atUs);
  }
  return longestUs / 1000;
}
