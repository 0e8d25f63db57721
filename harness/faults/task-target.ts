import type { TaskCounters } from "../../engine/cluster/messages.ts";
import { type JobShape, taskName } from "../systems/job-shape.ts";

/** A target that means whoever runs a task: `counts/1`, `counts/1.0` (one replica of it), `leader:counts/1`, `follower:counts/1`. */
export interface TaskTarget {
  readonly role: "leader" | "follower" | null;
  readonly vertex: string;
  readonly instance: number;
  /** null: whichever. */
  readonly replica: number | null;
}

const OPERATOR = String.raw`(?!worker\/)[A-Za-z][\w.-]*`;
const TASK = new RegExp(
  String.raw`^(?:(?<role>leader|follower):)?(?<vertex>${OPERATOR})\/(?<instance>\d{1,5})(?:\.(?<replica>\d))?$`,
);

/** null: the text is no such target. */
export function parseTaskTarget(text: string): TaskTarget | null {
  const { role, vertex, instance, replica } = TASK.exec(text)?.groups ?? {};
  if (vertex === undefined || (role !== undefined && replica !== undefined)) return null;
  return {
    role: role === "leader" || role === "follower" ? role : null,
    vertex,
    instance: Number(instance),
    replica: replica === undefined ? null : Number(replica),
  };
}

/** Tasks that the target means, the best first, or why it means none now. `tasks`: those that there are, at the last look. */
export function tasksOf(
  target: TaskTarget,
  tasks: readonly TaskCounters[],
  shape: JobShape["vertices"],
): readonly TaskCounters[] | string {
  const { role, vertex, instance, replica } = target;
  const { replicas } = shape[vertex] ?? { replicas: 1 };
  const group = `${vertex}/${instance}`;
  if (replica !== null && replica >= replicas) return `${group} has no replica ${replica}${counted(replicas)}`;
  const own = tasks
    .filter((task) => task.vertex === vertex && Math.floor(task.subtask / replicas) === instance)
    .sort((a, b) => a.subtask - b.subtask);
  if (own.length === 0) return `no task ${group} is known${knownTasks(tasks)}`;
  if (replica !== null) {
    const meant = own.filter(({ subtask }) => subtask % replicas === replica);
    return meant.length > 0 ? meant : `nobody runs ${taskName(shape, vertex, instance * replicas + replica)} now`;
  }
  return role === null ? own : byLeadership(role, group, own);
}

function byLeadership(
  role: "leader" | "follower",
  group: string,
  own: readonly TaskCounters[],
): readonly TaskCounters[] | string {
  if (own.every(({ custom }) => custom.leading === undefined)) return `${group} has no leader: its replicas elect none`;
  const leaders = own.filter(({ custom }) => custom.leading === 1);
  if (leaders.length === 0) return `nobody leads ${group} now`;
  if (role === "leader") return leaders;
  const followers = own.filter(({ custom }) => custom.leading === 0);
  return followers.length > 0 ? followers : `${group} has no follower left`;
}

function counted(replicas: number): string {
  return replicas === 1 ? ": it has no replicas" : `: it has ${replicas}, from 0`;
}

function knownTasks(tasks: readonly TaskCounters[]): string {
  const vertices = [...new Set(tasks.map(({ vertex }) => vertex))];
  return vertices.length === 0 ? "" : `; the job's operators: ${vertices.join(", ")}`;
}
