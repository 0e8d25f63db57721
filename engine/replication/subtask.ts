import { assert } from "../../base/assert.ts";

/**
 * Arithmetic of replicated vertices: a vertex of parallelism P with RF replicas runs P · RF subtasks;
 * subtask = instance · RF + replica. Key groups and partitions belong to instances, never to subtasks.
 */
export function subtaskOf(instance: number, replica: number, replicas: number): number {
  assert(replica >= 0 && replica < replicas && instance >= 0, "replica out of range", { instance, replica, replicas });
  return instance * replicas + replica;
}

export function instanceOf(subtask: number, replicas: number): number {
  return Math.floor(subtask / replicas);
}
