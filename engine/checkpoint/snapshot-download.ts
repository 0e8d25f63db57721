import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { SnapshotHandle } from "../cluster/checkpoint-facts.ts";
import type { World } from "../ports.ts";
import { decodeSnapshotFile } from "./snapshot-file.ts";

export interface DownloadedSnapshot {
  readonly payload: Uint8Array;
  readonly from: "local" | "store";
}

/**
 * Reads what a task has stored as its part of a checkpoint: this process's own copy when it has the very same, else the store's.
 * `snapshot-missing` and `snapshot-corrupt` mean that the checkpoint is of no use; other errors that the store does not work.
 */
export function downloadSnapshot(
  world: Pick<World, "store" | "localStore" | "journal">,
  folder: string,
  handle: SnapshotHandle,
  done: (error: FaultlineError | null, snapshot: DownloadedSnapshot | null) => void,
): void {
  const path = `${folder}/${handle.file}`;
  const readStored = () => {
    world.store.read(path, (error, bytes) => {
      const payload = check(error, bytes, path, handle);
      if (payload instanceof FaultlineError) done(payload, null);
      else done(null, { payload, from: "store" });
    });
  };
  if (world.localStore === undefined) {
    readStored();
    return;
  }
  world.localStore.read(path, (error, bytes) => {
    const payload = check(error, bytes, path, handle);
    if (!(payload instanceof FaultlineError)) {
      done(null, { payload, from: "local" });
      return;
    }
    // That there is none is normal: the task has come from another worker.
    if (payload.code !== "snapshot-missing") {
      world.journal.write("localCopyUnusable", { path, message: payload.message });
    }
    readStored();
  });
}

function check(
  error: Error | null,
  bytes: Uint8Array | null,
  path: string,
  handle: SnapshotHandle,
): Uint8Array | FaultlineError {
  if (bytes === null) return asFaultlineError(error, "checkpoint-failed");
  try {
    return decodeSnapshotFile(bytes, handle);
  } catch (cause) {
    const { code, message, context } = asFaultlineError(cause);
    return new FaultlineError(code, `${path}: ${message}`, { context: { ...context, path }, cause });
  }
}
