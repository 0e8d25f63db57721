import type { PhysicalPlan } from "../dataflow/plan.ts";
import { instanceOf, subtaskOf } from "../replication/subtask.ts";
import { isTerminal } from "./job-effects.ts";
import type { TaskPlacement, TaskState } from "./messages.ts";
import { taskKey } from "./placement.ts";

interface PlacedTask {
  readonly placement: TaskPlacement;
  state: TaskState;
}

/** The tasks of one attempt of a job as the coordinator knows them: where each is, how it is, and which stand in for which. */
export class TaskTable {
  readonly #tasks: ReadonlyMap<string, PlacedTask>;
  readonly #replicas: ReadonlyMap<string, number>;
  readonly #lost = new Set<string>();

  constructor(plan: Pick<PhysicalPlan, "vertices">, placements: readonly TaskPlacement[]) {
    this.#replicas = new Map(plan.vertices.map(({ id, replicas }) => [id, replicas]));
    this.#tasks = new Map(
      placements.map((placement) => [taskKey(placement.vertex, placement.subtask), { placement, state: "created" }]),
    );
  }

  /** Workers that run tasks and are not lost. */
  get liveWorkers(): readonly string[] {
    return this.#workersOf([...this.#tasks.values()]);
  }

  /** Those of them with tasks that have not ended. */
  get openWorkers(): readonly string[] {
    return this.#workersOf([...this.#tasks.values()].filter(({ state }) => !isTerminal(state)));
  }

  get placements(): readonly TaskPlacement[] {
    return [...this.#tasks.values()].map(({ placement }) => placement);
  }

  /** Every task has ended, but for the checkpoint that covers this. */
  get allEnded(): boolean {
    return [...this.#tasks.values()].every(({ state }) => state === "ended" || isTerminal(state));
  }

  get allFinished(): boolean {
    return [...this.#tasks.values()].every(({ state }) => state === "finished");
  }

  /** Names of the tasks that run. */
  get open(): readonly string[] {
    return [...this.#tasks].filter(([, { state }]) => !isTerminal(state)).map(([name]) => name);
  }

  /** The task, unless it has ended or is not there. */
  openTask(vertex: string, subtask: number): PlacedTask | null {
    const task = this.#tasks.get(taskKey(vertex, subtask));
    return task === undefined || isTerminal(task.state) ? null : task;
  }

  /** The task has neither failed nor been cancelled. */
  isSound(vertex: string, subtask: number): boolean {
    const state = this.#tasks.get(taskKey(vertex, subtask))?.state;
    return state !== undefined && state !== "failed" && state !== "cancelled";
  }

  /** Its tasks that had not ended have failed with it; returns them. */
  loseWorker(worker: string): readonly TaskPlacement[] {
    this.#lost.add(worker);
    const gone = [...this.#tasks.values()].filter(
      ({ placement, state }) => placement.worker === worker && !isTerminal(state),
    );
    for (const task of gone) task.state = "failed";
    return gone.map(({ placement }) => placement);
  }

  /** Some other replica of the task's group runs, will run or has finished. */
  hasLiveSibling({ vertex, subtask }: TaskPlacement): boolean {
    const replicas = this.#replicas.get(vertex) ?? 1;
    const instance = instanceOf(subtask, replicas);
    for (let replica = 0; replica < replicas; replica++) {
      const sibling = subtaskOf(instance, replica, replicas);
      if (sibling === subtask) continue;
      const state = this.#tasks.get(taskKey(vertex, sibling))?.state;
      if (state === "created" || state === "running" || state === "ended" || state === "finished") return true;
    }
    return false;
  }

  #workersOf(tasks: readonly PlacedTask[]): readonly string[] {
    return [...new Set(tasks.map(({ placement }) => placement.worker))].filter((worker) => !this.#lost.has(worker));
  }
}
