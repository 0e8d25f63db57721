import { FaultlineError } from "../../base/errors.ts";
import type { RestorePoint, SnapshotHandle } from "./checkpoint-facts.ts";
import { taskKey } from "./placement.ts";

/** The handle of a task's snapshot with the state of its sink; null: it has none. */
export function withSink(handle: SnapshotHandle, sink: Uint8Array | null): SnapshotHandle {
  return sink === null ? handle : { ...handle, sink: Buffer.from(sink).toString("base64") };
}

/**
 * The states of the sinks of these tasks in a checkpoint, by name of the task, from its metadata: the snapshots, which may be large, are not
 * read. null without a checkpoint. `snapshot-corrupt` when one is not there: what it had prepared must not be taken for nothing.
 */
export function sinkStates(
  restore: RestorePoint | null,
  tasks: readonly { readonly vertex: string; readonly subtask: number; readonly instance: number }[],
  done: (error: FaultlineError | null, states: ReadonlyMap<string, Uint8Array> | null) => void,
): void {
  if (restore === null) {
    done(null, null);
    return;
  }
  const { folder, snapshots } = restore;
  const states = new Map<string, Uint8Array>();
  for (const { vertex, subtask, instance } of tasks) {
    const handle = snapshots.find((one) => one.vertex === vertex && one.subtask === instance);
    if (handle?.sink === undefined) {
      const message = `the checkpoint in "${folder}" does not tell what the sink of ${taskKey(vertex, instance)} has prepared`;
      done(new FaultlineError("snapshot-corrupt", message, { context: { folder, vertex, instance } }), null);
      return;
    }
    states.set(taskKey(vertex, subtask), new Uint8Array(Buffer.from(handle.sink, "base64")));
  }
  done(null, states);
}
