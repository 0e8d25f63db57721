import { Random } from "../../base/random.ts";
import type { JobSpec } from "../../engine/cluster/job-spec.ts";
import { placeTasks } from "../../engine/cluster/placement.ts";
import { planOfJob } from "../../engine/cluster/plan-of-job.ts";
import type { JobFactory } from "../../engine/dataflow/graph.ts";
import type { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import type { DrawnRun } from "./draw-run.ts";
import type { LeaderStrike, ReplicatedProtection } from "./protection.ts";
import { JOB_ID } from "./simulated-job.ts";

/** Runs to the job's end; returns how many workers died on the way. */
export function conductReplicated(
  cluster: SimulatedCluster,
  job: JobSpec,
  factory: JobFactory,
  { workers, worldSeed }: DrawnRun,
  { killAfter, strikes }: ReplicatedProtection,
): number {
  const { client, universe } = cluster;
  const ended = () => client.hasEnded(JOB_ID) || client.refusals.length > 0;
  client.submit(job, workers);
  cluster.runUntil(() => ended() || client.stateOf(JOB_ID)?.state === "deploying", "deployment");
  const deployedAt = universe.queue.steps;
  const victims = ended() ? [] : replicaWorkers(cluster, job, factory);
  const random = new Random(worldSeed);
  let killed = 0;
  const kill = () => {
    const [victim] = victims.splice(random.below(victims.length), 1);
    cluster.workers.find(({ name }) => name === victim)?.kill();
    killed++;
  };
  const deaths = killAfter.map((after) => ({ after, happen: kill }));
  const others = strikes.map((one) => ({ after: one.after, happen: () => strike(cluster, victims, one) }));
  for (const { after, happen } of [...deaths, ...others].toSorted((a, b) => a.after - b.after)) {
    cluster.runUntil(() => ended() || universe.queue.steps >= deployedAt + after, "what happens to a worker");
    if (ended()) break;
    happen();
  }
  cluster.runUntil(ended, "end of the job");
  return killed;
}

function strike(
  { workers, election, log }: SimulatedCluster,
  names: readonly string[],
  { kind, victim, lengthUs }: LeaderStrike,
): void {
  const name = names[victim % names.length];
  const worker = workers.find((candidate) => candidate.name === name);
  if (worker === undefined) return;
  if (kind === "session") election.loseSession(worker, lengthUs);
  else if (kind === "contact") election.loseContact(worker, lengthUs);
  else if (kind === "pause") worker.pause(lengthUs);
  else log.outages.cutOff(worker.name, lengthUs);
}

/** Workers that run replicas only. They were given tasks in order of registration. */
function replicaWorkers({ universe }: SimulatedCluster, job: JobSpec, factory: JobFactory): string[] {
  const plan = planOfJob(factory(job.parameters), job);
  const registered = universe.journal.flatMap(({ event, facts }) => {
    return event === "workerRegistered" ? [{ worker: String(facts.worker), address: "" }] : [];
  });
  const replicated = new Set(plan.vertices.filter(({ replicas }) => replicas > 1).map(({ id }) => id));
  const placements = placeTasks(plan, registered);
  const workers = placements.filter(({ vertex }) => replicated.has(vertex)).map(({ worker }) => worker);
  return [...new Set(workers)];
}
