import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { OperatorContext } from "./operator.ts";

/**
 * State that belongs to an instance and not to keys. When the parallelism changes, the state of earlier instance j goes, whole, to
 * instance j mod P. So all earlier snapshots must be offered to every instance.
 */

export function writeInstanceState(
  writer: SnapshotWriter,
  context: OperatorContext,
  write: (state: SnapshotWriter) => void,
): void {
  writer.u32(context.instance);
  writer.part(write);
}

/** The states of those earlier instances that this one takes over, or of `"all"`, in the order of the snapshots. */
export function readInstanceStates(
  snapshots: readonly SnapshotReader[],
  context: OperatorContext,
  which: "own" | "all" = "own",
): Uint8Array[] {
  return snapshots.flatMap((snapshot) => {
    const instance = snapshot.u32();
    const state = snapshot.bytes();
    return which === "all" || instance % context.parallelism === context.instance ? [state] : [];
  });
}
