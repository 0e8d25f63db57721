import { FaultlineError } from "../../base/errors.ts";
import type { SnapshotHandle } from "../cluster/checkpoint-facts.ts";
import { decodeSnapshotFile, encodeSnapshotFile } from "./snapshot-file.ts";

const VERSION = 1;

/** What makes a checkpoint complete: written last, when every task's snapshot is stored. JSON in a snapshot file's frame. */
export interface CheckpointMetadata {
  readonly checkpointId: number;
  readonly jobId: string;
  /** Of the job's plan: a snapshot fits only into the plan that it was taken from. */
  readonly graphHash: string;
  readonly attempt: number;
  /** µs since the epoch. */
  readonly timeUs: number;
  readonly isSavepoint: boolean;
  /** Vertex → tasks. */
  readonly parallelism: Readonly<Record<string, number>>;
  readonly snapshots: readonly SnapshotHandle[];
  /** Folder of the snapshots, where they are not beside the metadata: a savepoint's entry among the job's checkpoints. */
  readonly snapshotFolder?: string;
}

export function encodeMetadata(metadata: CheckpointMetadata): Uint8Array {
  return encodeSnapshotFile([new TextEncoder().encode(JSON.stringify({ version: VERSION, ...metadata }))]);
}

/** `snapshot-corrupt` when the file is damaged or not what this version understands. */
export function decodeMetadata(file: Uint8Array): CheckpointMetadata {
  const text = new TextDecoder().decode(decodeSnapshotFile(file));
  const value = parse(text);
  if (value.version !== VERSION) throw corrupt(`version ${String(value.version)}, where ${VERSION} is known`);
  if (!isMetadata(value)) throw corrupt("fields are missing or of another type");
  return value;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch (cause) {
    throw corrupt("no JSON", cause);
  }
  throw corrupt("no object");
}

function isMetadata(value: Record<string, unknown>): value is Record<string, unknown> & CheckpointMetadata {
  const { checkpointId, attempt, timeUs, jobId, graphHash, isSavepoint, parallelism, snapshots, snapshotFolder } =
    value;
  return (
    [checkpointId, attempt, timeUs].every(Number.isSafeInteger) &&
    typeof jobId === "string" &&
    typeof graphHash === "string" &&
    typeof isSavepoint === "boolean" &&
    (snapshotFolder === undefined || typeof snapshotFolder === "string") &&
    isRecord(parallelism) &&
    Object.values(parallelism).every(Number.isSafeInteger) &&
    Array.isArray(snapshots) &&
    snapshots.every(isHandle)
  );
}

function isHandle(value: unknown): value is SnapshotHandle {
  return (
    isRecord(value) &&
    typeof value.vertex === "string" &&
    typeof value.file === "string" &&
    (value.sink === undefined || typeof value.sink === "string") &&
    [value.subtask, value.bytes, value.checksum].every(Number.isSafeInteger)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function corrupt(problem: string, cause?: unknown): FaultlineError {
  return new FaultlineError("snapshot-corrupt", `a checkpoint's metadata are damaged: ${problem}`, {
    context: { problem },
    cause,
  });
}
