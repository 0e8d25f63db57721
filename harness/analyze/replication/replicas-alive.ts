import type { JobShape } from "../../systems/job-shape.ts";
import { taskName } from "../../systems/job-shape.ts";
import type { JobStateRecord, ReplicaLossRecord } from "../../systems/system.ts";

/** All replicas of one instance of an operator. */
export interface Group {
  readonly vertex: string;
  readonly instance: number;
  readonly replicas: number;
}

/** From `atUs` on so many replicas of the group were there. */
export interface AliveStep {
  readonly atUs: number;
  readonly alive: number;
}

/** A replica that was lost while others of its group went on. */
export interface LostReplica {
  /** `counts/1.0` */
  readonly task: string;
  readonly vertex: string;
  readonly instance: number;
  readonly atUs: number;
  /** How many were left, and had been at first. */
  readonly alive: number;
  readonly of: number;
}

export function groupsOf(vertices: JobShape["vertices"]): readonly Group[] {
  return Object.entries(vertices).flatMap(([vertex, { instances, replicas }]) => {
    return Array.from({ length: instances }, (_, instance): Group => ({ vertex, instance, replicas }));
  });
}

export function groupKey({ vertex, instance }: Pick<Group, "vertex" | "instance">): string {
  return `${vertex}/${instance}`;
}

/**
 * How many replicas of each group there were from when on, by the job's own account: all of them when it runs, none while it starts again,
 * one less with each that is lost. Of every group at least one step, unless the job never ran.
 */
export class ReplicasAlive {
  readonly lost: readonly LostReplica[];
  readonly #steps = new Map<string, AliveStep[]>();

  constructor(vertices: JobShape["vertices"], states: readonly JobStateRecord[], losses: readonly ReplicaLossRecord[]) {
    const groups = groupsOf(vertices);
    for (const group of groups) this.#steps.set(groupKey(group), []);
    const lost: LostReplica[] = [];
    const events = [
      ...states.map((state) => ({ atUs: state.atUs, apply: () => this.#onState(state, groups) })),
      ...losses.map((loss) => ({ atUs: loss.atUs, apply: () => lost.push(...this.#onLoss(loss, vertices)) })),
    ];
    for (const { apply } of events.toSorted((a, b) => a.atUs - b.atUs)) apply();
    this.lost = lost;
  }

  stepsOf(group: Pick<Group, "vertex" | "instance">): readonly AliveStep[] {
    return this.#steps.get(groupKey(group)) ?? [];
  }

  /** null: before the job ran for the first time. */
  aliveAt(group: Pick<Group, "vertex" | "instance">, atUs: number): number | null {
    return this.stepsOf(group).findLast((step) => step.atUs <= atUs)?.alive ?? null;
  }

  #onState({ state, atUs }: JobStateRecord, groups: readonly Group[]): void {
    const isDown = state === "restarting" || state === "failing" || state === "failed";
    if (!isDown && state !== "running") return;
    for (const group of groups) this.#step(groupKey(group), { atUs, alive: isDown ? 0 : group.replicas });
  }

  #onLoss({ vertex, subtask, atUs }: ReplicaLossRecord, vertices: JobShape["vertices"]): LostReplica[] {
    const of = vertices[vertex]?.replicas ?? 1;
    const instance = Math.floor(subtask / of);
    const key = groupKey({ vertex, instance });
    const before = this.#steps.get(key)?.at(-1)?.alive ?? 0;
    // The job was going down as a whole.
    if (before === 0) return [];
    this.#step(key, { atUs, alive: before - 1 });
    return [{ task: taskName(vertices, vertex, subtask), vertex, instance, atUs, alive: before - 1, of }];
  }

  #step(key: string, step: AliveStep): void {
    const steps = this.#steps.get(key);
    if (steps !== undefined && steps.at(-1)?.alive !== step.alive) steps.push(step);
  }
}
