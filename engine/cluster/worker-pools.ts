import { FaultlineError } from "../../base/errors.ts";
import type { PhysicalPlan, Vertex } from "../dataflow/plan.ts";

export interface WorkerAddress {
  readonly worker: string;
  readonly address: string;
  /** What fails together with it (host, rack, zone), as the worker says; absent: nothing else does. */
  readonly zone?: string | undefined;
}

/** worker-2 before worker-10. */
const compareNames = new Intl.Collator("en", { numeric: true }).compare;

/**
 * Workers by name, in which order they get tasks, and not as they came: what a worker runs, and so what a fault on it hits, is the same in every
 * run.
 */
export function byName<W extends Pick<WorkerAddress, "worker">>(workers: readonly W[]): readonly W[] {
  return workers.toSorted((a, b) => compareNames(a.worker, b.worker));
}

/** Which workers run tasks without replicas, and which run replicas: none runs both. */
export interface WorkerPools {
  readonly single: readonly WorkerAddress[];
  readonly replicated: readonly WorkerAddress[];
}

/** Workers of the same domain fail together; a worker that names no zone is alone in its own. */
export function domainOf({ worker, zone }: WorkerAddress): string {
  return zone === undefined ? `worker ${worker}` : `zone ${zone}`;
}

/**
 * Why the plan cannot run on these workers, or null. Replicas of a group need as many workers, in as many zones where workers say theirs, and
 * tasks without replicas one more, so that losing a worker with replicas costs replicas only.
 */
export function placementProblem(plan: PhysicalPlan, workers: readonly WorkerAddress[]): FaultlineError | null {
  const largest = largestGroup(plan);
  if (largest === null) return null;
  const { id, replicas } = largest;
  const hasSingle = plan.vertices.some((vertex) => vertex.replicas === 1);
  const needed = replicas + (hasSingle ? 1 : 0);
  if (workers.length < needed) {
    const others = hasSingle ? ", 1 for tasks that have none" : "";
    return refusal(
      `${replicas} replicas need ${needed} workers, there are ${workers.length}: ${replicas} for the replicas of "${id}"${others}`,
      "replicas of one group never share a worker, nor one with tasks that have no replica: start more workers",
    );
  }
  const domains = new Set(workers.map(domainOf));
  if (domains.size >= replicas) return null;
  return refusal(
    `${replicas} replicas of "${id}" need workers in ${replicas} zones, there are ${domains.size}: ${[...domains].join(", ")}`,
    "replicas of one group never share a zone: start workers in others, or name finer zones",
  );
}

/** At most `most` of the workers, the first ones, but of as many zones as the replicas of a group need. */
export function chooseWorkers(
  plan: PhysicalPlan,
  workers: readonly WorkerAddress[],
  most: number,
): readonly WorkerAddress[] {
  const wanted = Math.min(largestGroup(plan)?.replicas ?? 0, most);
  const domains = new Set<string>();
  const chosen = new Set<WorkerAddress>();
  for (const worker of workers) {
    if (domains.size === wanted || domains.has(domainOf(worker))) continue;
    domains.add(domainOf(worker));
    chosen.add(worker);
  }
  for (const worker of workers) if (chosen.size < most) chosen.add(worker);
  return workers.filter((worker) => chosen.has(worker));
}

/**
 * The first workers for tasks without replicas, in proportion to what there is to run, the others for replicas, of which as many zones are
 * left as a group needs. Throws the `placementProblem`.
 */
export function splitWorkers(plan: PhysicalPlan, workers: readonly WorkerAddress[]): WorkerPools {
  const problem = placementProblem(plan, workers);
  if (problem !== null) throw problem;
  const replicas = largestGroup(plan)?.replicas ?? 0;
  if (replicas === 0) return { single: workers, replicated: [] };
  const tasks = (some: (vertex: Vertex) => boolean) =>
    plan.vertices.filter(some).reduce((sum, vertex) => sum + vertex.parallelism * vertex.replicas, 0);
  const single = tasks((vertex) => vertex.replicas === 1);
  if (single === 0) return { single: [], replicated: workers };
  const share = Math.round((workers.length * single) / tasks(() => true));
  const taken = takeSpared(workers, Math.min(Math.max(share, 1), workers.length - replicas), replicas);
  return { single: [...taken], replicated: workers.filter((worker) => !taken.has(worker)) };
}

/** The first workers, at most `most`, without which there are still `domains` domains. */
function takeSpared(workers: readonly WorkerAddress[], most: number, domains: number): ReadonlySet<WorkerAddress> {
  const left = new Map<string, number>();
  for (const worker of workers) left.set(domainOf(worker), (left.get(domainOf(worker)) ?? 0) + 1);
  const taken = new Set<WorkerAddress>();
  for (const worker of workers) {
    const domain = domainOf(worker);
    const alike = left.get(domain)!;
    if (taken.size === most || (alike === 1 && left.size === domains)) continue;
    if (alike === 1) left.delete(domain);
    else left.set(domain, alike - 1);
    taken.add(worker);
  }
  return taken;
}

/** The vertex with most replicas; null: none has any. */
function largestGroup({ vertices }: PhysicalPlan): Vertex | null {
  let largest: Vertex | null = null;
  for (const vertex of vertices) {
    if (vertex.replicas > (largest?.replicas ?? 1)) largest = vertex;
  }
  return largest;
}

function refusal(message: string, hint: string): FaultlineError {
  return new FaultlineError("job-invalid", message, { hint });
}
