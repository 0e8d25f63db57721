import { hash64, lastHash } from "../../base/hash.ts";

/** Where checkpoints lie in the store: `<jobId>/chk-<id>/<vertex>-<subtask>` and, written last, `<jobId>/chk-<id>/_metadata`. */

export const METADATA_FILE = "_metadata";

/** Longest name of a file or folder that is made from a name of the job's, bytes; file systems allow 255. */
const MAX_NAME_BYTES = 200;
const KEPT_NAME_BYTES = 160;

export function jobFolder(jobId: string): string {
  return safeName(jobId);
}

export function checkpointFolder(jobId: string, checkpointId: number): string {
  return `${jobFolder(jobId)}/chk-${checkpointId}`;
}

/** Number of the checkpoint whose folder has this name; null: it is none. */
export function checkpointIdOf(folderName: string): number | null {
  const match = /^chk-([1-9][0-9]{0,14})$/.exec(folderName);
  return match === null ? null : Number(match[1]);
}

/** Name of a task's snapshot in its checkpoint's folder. */
export function snapshotFileName(vertex: string, subtask: number): string {
  return `${safeName(vertex)}-${subtask}`;
}

/** Different names stay different: what file systems could mind is written as `%` and its UTF-8 bytes; long ones end in their hash. */
function safeName(name: string): string {
  const bytes = new TextEncoder().encode(name);
  let safe = "";
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    // A dot or underscore in front would be hidden, or taken for `_metadata` or a way out of the folder.
    const isKept = /[A-Za-z0-9-]/.test(char) || (safe !== "" && /[._]/.test(char));
    safe += isKept ? char : `%${byte.toString(16).padStart(2, "0")}`;
  }
  if (safe.length <= MAX_NAME_BYTES) return safe === "" ? "%" : safe;
  hash64(bytes, 0, bytes.length);
  const hash = [lastHash.high, lastHash.low].map((half) => half.toString(16).padStart(8, "0")).join("");
  return `${safe.slice(0, KEPT_NAME_BYTES)}~${hash}`;
}
