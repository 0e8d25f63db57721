import type { Failure, TaskCounters } from "../../engine/cluster/messages.ts";
import { instanceOf } from "../../engine/replication/subtask.ts";
import type { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import type { Value } from "../../queries/query.ts";
import { wrongRows } from "./compare.ts";
import { lostOrForged, partlyWrong } from "./compare-weakly.ts";
import { SHORT_MS } from "./draw-passive.ts";
import type { DrawnRun } from "./draw-run.ts";
import type { SimulatedInput } from "./input.ts";
import type { PassiveProtection } from "./protection.ts";
import type { RunWatch } from "./run-watch.ts";
import { passiveOf } from "./simulated-job.ts";

type Rows = readonly (readonly Value[])[];

/** Counters that must stay at 0: drawn data are never late, broken or without a key. */
const DROPS = ["lateRows", "undecodable", "nullKeys"] as const;
/** What faults of the world may make of a task or a checkpoint; any other code is a defect, even when the job gets over it. */
const EXPECTED_CODES: readonly string[] = [
  "worker-lost",
  "kafka-fenced",
  "checkpoint-failed",
  "snapshot-corrupt",
  "snapshot-missing",
  "transaction-lost",
  "spill-failed",
];
/** Frames of all channels of a connection that a sender may put on top of a full buffer, bytes. */
const BUFFER_SLACK_BYTES = 64 * 1024;

/** What the longest epoch of a drawn run, which may be most of its input, may make a replicated task take beyond its windows, bytes. */
const MAX_EXCEEDED_BYTES = 512 * 1024;

/** What was wrong with a run, or null. */
export function judge(
  run: DrawnRun,
  input: SimulatedInput,
  cluster: SimulatedCluster,
  got: Rows,
  watch: RunWatch,
): string | null {
  const counters = cluster.client.counters ?? [];
  const passive = passiveOf(run.protection);
  return (
    defectIn(cluster) ??
    toleratedLoss(run, cluster) ??
    unexplainedDamage(cluster) ??
    watch.commits.problem ??
    unbounded(run, counters, watch) ??
    (passive === null
      ? (failureOf(cluster) ?? wrongRows(run, input.expected, input.isExact, got) ?? dropped(counters))
      : judgePassive(run, passive, input, cluster, got))
  );
}

function judgePassive(
  run: DrawnRun,
  protection: PassiveProtection,
  input: SimulatedInput,
  cluster: SimulatedCluster,
  got: Rows,
): string | null {
  const { client, universe, store } = cluster;
  const isExactlyOnce = protection.guarantee === "exactly-once";
  const hasRestarted = client.states.some(({ state }) => state === "restarting");
  // Controls come before the events only as long as nobody reads them again.
  const isExact = input.isExact && !(hasRestarted && run.data.generator === "bettercloud");
  // Rows between a task's first barrier and its last are in the state twice.
  const isStateExact = !hasRestarted || protection.checkpoints.mode !== "at-least-once";
  // What a damaged checkpoint had committed comes again from the one before.
  const hasFallenBack = universe.journal.some(({ event }) => event === "checkpointDamaged");
  const failure = failureOf(cluster);
  if (failure !== null) {
    const state = client.states.at(-1);
    if (!isToBeExpected(state?.failure ?? null, protection, store.counts.tornWrites > 0)) return failure;
    if (!isStateExact) return null;
    return isExactlyOnce && !hasFallenBack
      ? partlyWrong(run, input.expected, got)
      : lostOrForged(run, input.expected, false, got);
  }
  if (isExactlyOnce && !hasFallenBack) {
    return wrongRows(run, input.expected, isExact, got) ?? dropped(client.counters ?? []);
  }
  return isStateExact ? lostOrForged(run, input.expected, isExact, got) : null;
}

/** A failure for which the strategy has no restart, without any whole checkpoint, or after a fault longer than transactions may last. */
function isToBeExpected(
  failure: Failure | null,
  { restart, checkpoints }: PassiveProtection,
  isTorn: boolean,
): boolean {
  if (failure === null) return false;
  if (failure.code === "transaction-lost") return checkpoints.transactionTimeoutMs === SHORT_MS;
  if (isTorn && /damaged|no checkpoint of job/.test(failure.message)) return true;
  if (!EXPECTED_CODES.includes(failure.code)) return false;
  if (restart.kind === "none") return true;
  if (restart.kind === "fixed-delay") return restart.attempts <= 1;
  return restart.kind === "failure-rate" && restart.maxFailures <= 1;
}

/** An assertion that did not hold, a protocol that was not kept, a process that crashed: whether or not the job got over it. */
function defectIn({ universe }: SimulatedCluster): string | null {
  const lost = new Set<string>();
  for (const { event, process, facts } of universe.journal) {
    if (event === "workerLost") lost.add(String(facts.worker));
    // A worker that could not register: its supervisor starts another.
    if (event === "abort" && String(facts["reason"]).startsWith("no coordinator at")) continue;
    if (event === "abort") return `${process} crashed: ${String(facts["reason"])}`;
    if (event !== "taskFailed") continue;
    const failure = facts["failure"] as Failure;
    if (EXPECTED_CODES.includes(failure.code)) continue;
    // It was given up before it woke, and its siblings have cut the order log meanwhile.
    if (lost.has(process) && failure.code === "kafka-offset-out-of-range") continue;
    return `task ${String(facts["vertex"])}/${String(facts["subtask"])} failed with ${failure.code}: ${failure.message}`;
  }
  return null;
}

/** The coordinator goes on without the last replica of a group, whether or not the tasks around it notice. */
function toleratedLoss({ protection }: DrawnRun, { universe }: SimulatedCluster): string | null {
  if (protection.kind !== "replicated") return null;
  const { factor } = protection.replication;
  const groups = new Map<string, Set<number>>();
  for (const { event, facts } of universe.journal) {
    if (event !== "replicaLost") continue;
    const subtask = Number(facts.subtask);
    const group = `${facts.vertex}/${instanceOf(subtask, factor)} of attempt ${facts.attempt}`;
    const lost = (groups.get(group) ?? new Set()).add(subtask);
    groups.set(group, lost);
    if (lost.size === factor) return `the loss of the last replica of ${group} is tolerated`;
  }
  return null;
}

/** A checkpoint that was complete is not whole on restore, though the store has kept every file as it was given it. */
function unexplainedDamage({ universe, store }: SimulatedCluster): string | null {
  if (store.counts.tornWrites > 0) return null;
  for (const { event, facts } of universe.journal) {
    if (event === "checkpointDamaged")
      return `checkpoint ${String(facts.checkpointId)} is damaged: ${String(facts.problem)}`;
    const { code, message } = (event === "taskFailed" ? facts.failure : { code: "", message: "" }) as Failure;
    if (code === "snapshot-corrupt" || code === "snapshot-missing") return message;
  }
  return null;
}

/** A queue that is longer than its bound, or null. Without replicas no channel may take more than its window. */
function unbounded(
  { conditions, options, protection }: DrawnRun,
  counters: readonly TaskCounters[],
  { mostBuffered }: RunWatch,
): string | null {
  const limit = conditions.networkBufferBytes + BUFFER_SLACK_BYTES + 16 * (options.bufferBytes ?? 0);
  if (mostBuffered > limit) return `a connection holds ${mostBuffered} bytes, where ${limit} are the limit`;
  const mostExceeded = protection.kind === "replicated" ? MAX_EXCEEDED_BYTES : 0;
  for (const { vertex, subtask, custom } of counters) {
    const exceeded = custom.exceededBytes ?? 0;
    if (exceeded > mostExceeded)
      return `task ${vertex}/${subtask} takes ${exceeded} bytes beyond its windows, where ${mostExceeded} are the limit`;
  }
  return null;
}

/** Why the job did not finish, or null. */
function failureOf({ client }: SimulatedCluster): string | null {
  const state = client.states.at(-1);
  if (state?.state === "finished") return null;
  const failure = state?.failure ?? client.refusals[0];
  return `the job is ${state?.state ?? "refused"}: ${failure?.message ?? "no reason given"}`;
}

function dropped(counters: readonly TaskCounters[]): string | null {
  for (const { vertex, subtask, custom } of counters) {
    for (const name of DROPS) {
      const count = custom[name] ?? 0;
      if (count > 0) return `task ${vertex}/${subtask} counts ${count} ${name}, of data that have none`;
    }
  }
  return null;
}
