import { Random } from "../../base/random.ts";
import type { JobSpec } from "../../engine/cluster/job-spec.ts";
import { placeTasks } from "../../engine/cluster/placement.ts";
import { planOfJob } from "../../engine/cluster/plan-of-job.ts";
import type { JobFactory } from "../../engine/dataflow/graph.ts";
import type { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import type { DrawnRun } from "./draw-run.ts";
import type { ReplicatedProtection } from "./protection.ts";
import { JOB_ID } from "./simulated-job.ts";

/** Runs to the job's end; returns how many workers died on the way. */
export function conductReplicated(
  cluster: SimulatedCluster,
  job: JobSpec,
  factory: JobFactory,
  { workers, worldSeed }: DrawnRun,
  { killAfter }: ReplicatedProtection,
): number {
  const { client, universe } = cluster;
  const ended = () => client.hasEnded(JOB_ID) || client.refusals.length > 0;
  client.submit(job, workers);
  cluster.runUntil(() => ended() || client.stateOf(JOB_ID)?.state === "deploying", "deployment");
  const deployedAt = universe.queue.steps;
  const victims = ended() ? [] : replicaWorkers(cluster, job, factory);
  const random = new Random(worldSeed);
  let killed = 0;
  for (const after of killAfter) {
    cluster.runUntil(() => ended() || universe.queue.steps >= deployedAt + after, "death of a worker");
    if (ended()) break;
    const [victim] = victims.splice(random.below(victims.length), 1);
    cluster.workers.find(({ name }) => name === victim)?.kill();
    killed++;
  }
  cluster.runUntil(ended, "end of the job");
  return killed;
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
