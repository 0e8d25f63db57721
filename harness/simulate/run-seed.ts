import { asFaultlineError } from "../../base/errors.ts";
import type { JobSpec } from "../../engine/cluster/job-spec.ts";
import type { TaskCounters } from "../../engine/cluster/messages.ts";
import type { JobFactory } from "../../engine/dataflow/graph.ts";
import { importFactory } from "../../engine/shell/load-job.ts";
import type { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import { conductPassive } from "./conduct-passive.ts";
import { conductReplicated } from "./conduct-replicated.ts";
import { ORDER_LOG } from "./draw-replicated.ts";
import type { DrawnRun } from "./draw-run.ts";
import { inputOf, type SimulatedInput } from "./input.ts";
import { judge } from "./judge.ts";
import { RunWatch } from "./run-watch.ts";
import { clusterOfRun, JOB_ID, jobOfRun, rowsOfRun, type SeedHooks } from "./simulated-job.ts";

export type { SeedHooks } from "./simulated-job.ts";

export interface SeedResult {
  readonly query: string;
  readonly seed: number;
  readonly mode: DrawnRun["protection"]["kind"];
  /** Equal for equal runs. */
  readonly traceHash: string;
  /** What went wrong, or null. */
  readonly problem: string | null;
  /** Result rows that were compared. */
  readonly rows: number;
  /** Workers with replicas that died while the job ran. */
  readonly killed: number;
  /** How often each situation and state of faults was met. */
  readonly situations: Readonly<Record<string, number>>;
  /** Events of the simulation. */
  readonly steps: number;
  readonly virtualUs: number;
  /** The end of the trace, oldest line first. */
  readonly traceTail: readonly string[];
}

/** Simulates one drawn run to the end of its input and compares what comes out with the oracle. */
export async function runSeed(run: DrawnRun, hooks: SeedHooks = {}): Promise<SeedResult> {
  const input = inputOf(run);
  const own = await importFactory(run.query.job.href);
  const factory = hooks.plantedJob?.(own) ?? own;
  const job = jobOfRun(run, input);
  const watch = new RunWatch(ORDER_LOG);
  const modules = new Map([[run.query.job.href, factory]]);
  const cluster = clusterOfRun(run, input, modules, hooks, run.protection.kind === "none" ? undefined : watch);
  const { universe } = cluster;
  let outcome: Outcome = { problem: null, rows: 0, killed: 0 };
  try {
    outcome = runToEnd(run, input, hooks.plantedSpec?.(job) ?? job, factory, cluster, watch);
  } catch (error) {
    // What follows the first line is the end of the trace, which the result has anyway.
    outcome = { ...outcome, problem: asFaultlineError(error).message.split("\n")[0]! };
  }
  return {
    query: run.query.id,
    seed: run.seed,
    mode: run.protection.kind,
    traceHash: universe.trace.hash,
    ...outcome,
    situations: { ...universe.situations.counts, ...Object.fromEntries(watch.met) },
    steps: universe.queue.steps,
    virtualUs: universe.nowUs,
    traceTail: universe.trace.lastLines,
  };
}

type Outcome = Pick<SeedResult, "problem" | "rows" | "killed">;

function runToEnd(
  run: DrawnRun,
  input: SimulatedInput,
  job: JobSpec,
  factory: JobFactory,
  cluster: SimulatedCluster,
  watch: RunWatch,
): Outcome {
  const { client, universe } = cluster;
  const { protection } = run;
  let killed = 0;
  let stuck: string | null = null;
  if (protection.kind === "replicated")
    ({ killed, stuck } = conductReplicated(cluster, job, factory, run, protection, watch));
  else if (protection.kind === "passive") stuck = conductPassive(cluster, job, run.workers, protection, watch);
  else {
    client.submit(job, run.workers);
    cluster.runUntil(() => client.hasEnded(JOB_ID) || client.refusals.length > 0, "end of the job");
  }
  const { rows, unreadable } = rowsOfRun(run, cluster);
  if (stuck !== null) return { problem: stuck, rows: rows.length, killed };
  client.counters = null;
  client.send({ type: "counters", jobId: client.states.at(-1)?.jobId ?? JOB_ID });
  cluster.runUntil(() => client.counters !== null || client.closed, "counters");
  const counters = client.counters ?? [];
  if (protection.kind === "replicated") meetCounted(counters, watch);
  universe.situations.meet("blockedTask", counters.filter(({ blockedUs }) => blockedUs > 0).length);
  const problem =
    judge(run, input, cluster, rows, watch) ??
    (unreadable.length > 0 ? `not a row of the query: ${unreadable[0]}` : null);
  return { problem, rows: rows.length, killed };
}

/** States of replicas that their tasks count. */
function meetCounted(counters: readonly TaskCounters[], watch: RunWatch): void {
  for (const { custom } of counters) {
    watch.meet("duplicate", custom.duplicates ?? 0);
    watch.meet("duplicateTrimmed", custom.trimmed ?? 0);
    watch.meet("gapHeld", custom.gaps ?? 0);
    watch.meet("windowExceeded", (custom.exceededBytes ?? 0) > 0 ? 1 : 0);
    watch.meet("spilled", (custom.spilledBytes ?? 0) > 0 ? 1 : 0);
  }
}
