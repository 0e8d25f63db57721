import { planJob } from "../../engine/dataflow/planner.ts";
import { importFactory } from "../../engine/shell/load-job.ts";
import { SITUATION_NAMES, type Situation } from "../../engine/simulation/situations.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { generatorOf } from "../../queries/registry.ts";
import { jobOfQuery } from "../systems/bundled/job-of-query.ts";
import type { SimulatedMerge } from "./draw-replicated.ts";
import { FAULT_STATE_NAMES } from "./fault-states.ts";
import { LEADER_STATES, REPLICA_STATE_NAMES } from "./replica-states.ts";
import { PLAIN, type RunMode } from "./run-mode.ts";
import { type Tally, unmet } from "./tally.ts";

/** Seeds from which on a campaign must have met every situation that its queries can meet. */
export const MIN_SEEDS_FOR_COVERAGE = 200;

/** Runs with all kinds of faults from which on a campaign must have met every state of them. */
const MIN_RUNS_FOR_STATES = 500;

/** The least share of runs in which a fault had an effect. */
const MIN_EFFECTIVE_SHARE = 0.8;

/** Situations that need frames between workers. */
const ON_CHANNELS: readonly Situation[] = ["fullNetworkBuffer", "creditExhausted", "watermarkHold"];

/** What a campaign of these queries should have met and did not: names of situations, and queries without any result row. */
export async function missingCoverage(
  queries: readonly QueryDefinition[],
  tally: Tally,
  mode: RunMode = PLAIN,
): Promise<readonly string[]> {
  if (mode.kind === "replicated") return mode.kill ? missingReplicaStates(tally, mode.merge ?? null) : [];
  const hasAllFaults = mode.kind === "all" || (mode.kind === "passive" && mode.faults === null);
  if (mode.kind === "passive" && !hasAllFaults) return [];
  const exempt = new Set<Situation>();
  const exchanges = await Promise.all(queries.map(hasExchange));
  if (!exchanges.includes(true)) for (const situation of ON_CHANNELS) exempt.add(situation);
  // BetterCloud's rows carry no event time.
  if (!queries.some((query) => generatorOf(query) === "nexmark")) exempt.add("heldPartition");
  if (!queries.some(({ trigger }) => trigger.kind === "endOfWindow")) exempt.add("timerBurst");
  const silent = queries.filter(({ id }) => (tally.queries[id]?.withRows ?? 0) === 0);
  return [
    ...unmet(tally, SITUATION_NAMES).filter((situation) => !exempt.has(situation)),
    ...(hasAllFaults ? missingStates(tally) : []),
    ...(mode.kind === "all" ? missingReplicaStates(tally, null) : []),
    ...silent.map(({ id }) => `a result row of ${id}`),
  ];
}

function missingStates(tally: Tally): readonly string[] {
  if (tally.passive < MIN_RUNS_FOR_STATES) return [];
  const share = tally.runsWith["effectiveFault"]! / tally.passive;
  const tooFew =
    share < MIN_EFFECTIVE_SHARE ? [`an effect of faults in ${Math.round(share * 100)} % of the runs, not 80 %`] : [];
  return [...unmet(tally, FAULT_STATE_NAMES), ...tooFew];
}

/** `merge` null: all of them. */
function missingReplicaStates(tally: Tally, merge: SimulatedMerge | null): readonly string[] {
  if (tally.replicated < MIN_RUNS_FOR_STATES) return [];
  const hasLeaders = merge === null || merge === "kaZoo";
  return unmet(tally, REPLICA_STATE_NAMES).filter((state) => hasLeaders || !LEADER_STATES.includes(state));
}

/** Do its rows travel from task to task? */
async function hasExchange(query: QueryDefinition): Promise<boolean> {
  const mode = query.undefinedOn({ mode: "head" }) === null ? "head" : "classic";
  const log = { kind: "memory", brokers: [], topic: "", partitions: 1 };
  const scale = { parallelism: 2, keyGroups: 2 };
  const spec = { jobId: "plan", query, dataMode: mode, watermarkDelayMs: 0, bounded: true, inputs: {}, output: log };
  const job = jobOfQuery({ ...spec, ...scale });
  const factory = await importFactory(job.module);
  return planJob(factory(job.parameters), scale).edges.length > 0;
}
