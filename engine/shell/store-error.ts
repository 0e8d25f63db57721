import { FaultlineError, systemCode } from "../../base/errors.ts";

/** What went wrong with a file of the checkpoint store, in the terms of its users. `doing`: what was tried, with the path. */
export function storeError(error: unknown, doing: string): FaultlineError {
  if (error instanceof FaultlineError) return error;
  const code = systemCode(error);
  const message = `checkpoint store: cannot ${doing}: ${error instanceof Error ? error.message : String(error)}`;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return new FaultlineError("snapshot-missing", message, { cause: error });
    case "ENOSPC":
    case "EDQUOT":
      return new FaultlineError("disk-full", message, {
        hint: "make room on the checkpoint store's disk, or retain fewer checkpoints",
        cause: error,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new FaultlineError("output-unwritable", message, {
        hint: "give the workers and the coordinator write permission on the checkpoint store's directory",
        cause: error,
      });
    default:
      return new FaultlineError("checkpoint-failed", message, { cause: error });
  }
}
