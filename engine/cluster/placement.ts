import { assert, present } from "../../base/assert.ts";
import type { PhysicalPlan } from "../dataflow/plan.ts";
import type { TaskPlacement } from "./messages.ts";
import { domainOf, splitWorkers, type WorkerAddress } from "./worker-pools.ts";

/**
 * Which worker runs which task. Replicas of one group never share a worker, nor a zone where workers say theirs; workers with tasks that have
 * no replica run none, so that losing one with replicas costs replicas only. Vertices of the same parallelism and as many replicas
 * have their subtasks on the same workers, so that forward neighbours meet. Pure. `job-invalid` when the workers are too few.
 */
export function placeTasks(plan: PhysicalPlan, workers: readonly WorkerAddress[]): readonly TaskPlacement[] {
  assert(workers.length >= 1, "a job needs a worker");
  const pools = splitWorkers(plan, workers);
  const layouts = new Map<string, readonly WorkerAddress[]>();
  const load = new Map<string, number>();
  return plan.vertices.flatMap(({ id: vertex, parallelism, replicas }) => {
    const shape = `${parallelism} ${replicas}`;
    let layout = layouts.get(shape);
    if (layout === undefined) {
      // Tasks without replicas begin with the first worker in every vertex: so those of the same number meet.
      layout =
        replicas === 1
          ? spread(pools.single, parallelism, 1, new Map())
          : spread(pools.replicated, parallelism, replicas, load);
      layouts.set(shape, layout);
    }
    return layout.map(({ worker, address }, subtask): TaskPlacement => ({ vertex, subtask, worker, address }));
  });
}

/** By subtask its worker: for each instance the least loaded ones, the first of them, each in a domain of its own. Counts them in `load`. */
function spread(
  pool: readonly WorkerAddress[],
  instances: number,
  replicas: number,
  load: Map<string, number>,
): readonly WorkerAddress[] {
  const loadOf = ({ worker }: WorkerAddress) => load.get(worker) ?? 0;
  const layout: WorkerAddress[] = [];
  for (let instance = 0; instance < instances; instance++) {
    const idlest = pool.toSorted((a, b) => loadOf(a) - loadOf(b));
    const domains = new Set<string>();
    for (let replica = 0; replica < replicas; replica++) {
      const found = idlest.find((worker) => !domains.has(domainOf(worker)));
      const worker = present(found, "worker in a domain of its own");
      domains.add(domainOf(worker));
      load.set(worker.worker, loadOf(worker) + 1);
      layout.push(worker);
    }
  }
  return layout;
}

/** Name of a task in maps and messages. */
export function taskKey(vertex: string, subtask: number): string {
  return `${vertex}/${subtask}`;
}
