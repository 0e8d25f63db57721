import { planJob } from "../../engine/dataflow/planner.ts";
import { importFactory } from "../../engine/shell/load-job.ts";
import type { Situation } from "../../engine/simulation/situations.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { generatorOf } from "../../queries/registry.ts";
import { jobOfQuery } from "../systems/bundled/job-of-query.ts";
import { type Tally, unmet } from "./tally.ts";

/** Seeds from which on a campaign must have met every situation that its queries can meet. */
export const MIN_SEEDS_FOR_COVERAGE = 200;

/** Situations that need frames between workers. */
const ON_CHANNELS: readonly Situation[] = ["fullNetworkBuffer", "creditExhausted", "watermarkHold"];

/** What a campaign of these queries should have met and did not: names of situations, and queries without any result row. */
export async function missingCoverage(queries: readonly QueryDefinition[], tally: Tally): Promise<readonly string[]> {
  const exempt = new Set<Situation>();
  const exchanges = await Promise.all(queries.map(hasExchange));
  if (!exchanges.includes(true)) for (const situation of ON_CHANNELS) exempt.add(situation);
  // BetterCloud's rows carry no event time.
  if (!queries.some((query) => generatorOf(query) === "nexmark")) exempt.add("heldPartition");
  if (!queries.some(({ trigger }) => trigger.kind === "endOfWindow")) exempt.add("timerBurst");
  const silent = queries.filter(({ id }) => (tally.queries[id]?.withRows ?? 0) === 0);
  return [
    ...unmet(tally).filter((situation) => !exempt.has(situation)),
    ...silent.map(({ id }) => `a result row of ${id}`),
  ];
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
