import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { LogicalGraph } from "../dataflow/graph.ts";
import type { PhysicalPlan } from "../dataflow/plan.ts";
import type { Clock } from "../ports.ts";
import { instanceOf } from "../replication/subtask.ts";
import type { JobSnapshots } from "./job-snapshots.ts";
import type { LoadJob } from "./load-job.ts";
import type { CoordinatorToWorker, TaskPlacement } from "./messages.ts";
import { graphOfJob, planOfJob } from "./plan-of-job.ts";
import { sinkStates } from "./sink-states.ts";

export type Deploy = Extract<CoordinatorToWorker, { readonly type: "deploy" }>;

interface DeploymentLoadingParts {
  readonly worker: string;
  readonly clock: Clock;
  readonly loadJob: LoadJob;
  /** Where the tasks' snapshots are; asked for once the job can be planned. */
  readonly snapshots: () => JobSnapshots;
}

/** What the tasks of a deployment are built of. */
export interface LoadedDeployment {
  readonly graph: LogicalGraph;
  readonly plan: PhysicalPlan;
  /** By task, where nothing is to run of its sink only; null: all begin with empty state. */
  readonly states: ReadonlyMap<string, Uint8Array> | null;
  readonly loadUs: number;
  readonly restoreUs: number;
}

/** What a worker does before it can build its tasks of an attempt: load the job's module, plan the job, read the tasks' snapshots. */
export class DeploymentLoading {
  readonly deploy: Deploy;
  /** Replicas that were lost meanwhile. */
  readonly lost: Pick<TaskPlacement, "vertex" | "subtask">[] = [];
  /** Workers whose connections to this one were lost meanwhile. */
  readonly lostSenders: string[];
  readonly #parts: DeploymentLoadingParts;
  #abandoned = false;

  constructor(deploy: Deploy, lostSenders: string[], parts: DeploymentLoadingParts) {
    this.deploy = deploy;
    this.lostSenders = lostSenders;
    this.#parts = parts;
  }

  /** Calls `done` once, with what was loaded or what went wrong, unless abandoned before. Once. */
  begin(done: (error: Error | null, loaded: LoadedDeployment | null) => void): void {
    const { clock, loadJob } = this.#parts;
    const orderedUs = clock.nowUs();
    loadJob(this.deploy.job, (error, graph) => {
      if (this.#abandoned) return;
      if (graph !== null) this.#restore(graph, clock.nowUs() - orderedUs, done);
      else done(error ?? new FaultlineError("job-invalid", "the job's module gave no graph"), null);
    });
  }

  /** Nobody wants it any more. */
  abandon(): void {
    this.#abandoned = true;
  }

  #restore(
    graph: LogicalGraph,
    loadUs: number,
    done: (error: Error | null, loaded: LoadedDeployment | null) => void,
  ): void {
    const { clock, snapshots } = this.#parts;
    const { job, attempt, restore } = this.deploy;
    const fromUs = clock.nowUs();
    let plan: PhysicalPlan;
    try {
      plan = planOfJob(graph, job);
    } catch (error) {
      done(asFaultlineError(error, "job-invalid"), null);
      return;
    }
    const takeStates = (error: Error | null, states: LoadedDeployment["states"]) => {
      if (this.#abandoned) return;
      if (error !== null) done(error, null);
      else done(null, { graph: graphOfJob(graph, job), plan, states, loadUs, restoreUs: clock.nowUs() - fromUs });
    };
    const tasks = this.#ownTasks(plan);
    if (this.deploy.resolves === true) sinkStates(restore, tasks, takeStates);
    else snapshots().begin(attempt, restore, tasks, takeStates);
  }

  #ownTasks(plan: PhysicalPlan): Parameters<JobSnapshots["begin"]>[2] {
    const replicas = new Map(plan.vertices.map((vertex) => [vertex.id, vertex.replicas]));
    return this.deploy.placements
      .filter(({ worker }) => worker === this.#parts.worker)
      .map(({ vertex, subtask }) => ({ vertex, subtask, instance: instanceOf(subtask, replicas.get(vertex) ?? 1) }));
  }
}
