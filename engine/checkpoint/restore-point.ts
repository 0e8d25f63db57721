import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { RestorePoint } from "../cluster/checkpoint-facts.ts";
import type { World } from "../ports.ts";
import { type CheckpointMetadata, decodeMetadata } from "./metadata.ts";
import { checkpointFolder, checkpointIdOf, jobFolder, METADATA_FILE } from "./paths.ts";

type RestoreWorld = Pick<World, "store" | "journal">;
type Found = (error: Error | null, point: RestorePoint | null) => void;

/** The job that is to start from a checkpoint. */
export interface RestoringJob {
  readonly graphHash: string;
  /** Vertex → tasks. */
  readonly parallelism: Readonly<Record<string, number>>;
}

export interface RestoreSearch {
  readonly world: RestoreWorld;
  readonly jobId: string;
  readonly job: RestoringJob;
  /** Checkpoints that turned out to be damaged when a worker read them. */
  readonly excluding?: ReadonlySet<number>;
  /** Checkpoints before this one are an earlier run's under the same job id: not this job's past. Absent: all are this job's. */
  readonly from?: number;
  /** Known to have been complete: when it is gone, that is damage. */
  readonly complete?: number;
}

interface Damage {
  readonly checkpointId: number;
  readonly file: string;
  readonly problem: string;
}

/**
 * The newest complete checkpoint of a job whose metadata are whole and whose files are all there; null when there never was one. The
 * files' content is checked by who reads them: when that finds one damaged, ask again with the checkpoint excluded. Damaged ones are
 * passed over with a message; `snapshot-corrupt` when no other is left. An error of the store itself is passed on: it does not mean
 * that the checkpoint is lost.
 */
export function findRestorePoint(search: RestoreSearch, done: Found): void {
  search.world.store.list(jobFolder(search.jobId), (error, names) => {
    if (names === null) {
      done(error, null);
      return;
    }
    const ids = names.map(checkpointIdOf).filter((id) => id !== null && id >= (search.from ?? 1)) as number[];
    const known = search.complete === undefined ? [] : [search.complete];
    const newestFirst = [...new Set([...ids, ...known])].sort((a, b) => b - a);
    tryFrom(search, newestFirst, [], done);
  });
}

const FOUND_DAMAGED = "a worker found it damaged on reading";

/** Looks at the first of `ids`, and at those after it as long as that does not help. */
function tryFrom(search: RestoreSearch, ids: readonly number[], damages: readonly Damage[], done: Found): void {
  const { world, jobId, excluding } = search;
  const [checkpointId, ...older] = ids;
  if (checkpointId === undefined) {
    writeDamages(world, damages, null);
    done(damages.length === 0 ? null : noneUsable(jobId, damages), null);
    return;
  }
  const passOver = (file: string, problem: string) => {
    tryFrom(search, older, [...damages, { checkpointId, file, problem }], done);
  };
  if (excluding?.has(checkpointId)) {
    passOver("a snapshot", FOUND_DAMAGED);
    return;
  }
  inspect(world, checkpointFolder(jobId, checkpointId), (result) => {
    if (result.kind === "incomplete" && checkpointId === search.complete) passOver(METADATA_FILE, "it is not there");
    else if (result.kind === "incomplete") tryFrom(search, older, damages, done);
    else if (result.kind === "unknown") done(result.error, null);
    else if (result.kind === "damaged") passOver(result.file, result.problem);
    else if (!isOf(result.metadata, jobId, checkpointId)) passOver(METADATA_FILE, "it is of another checkpoint");
    else use(search, result, damages, done);
  });
}

function isOf(metadata: CheckpointMetadata, jobId: string, checkpointId: number): boolean {
  return metadata.jobId === jobId && metadata.checkpointId === checkpointId;
}

function use(
  { world, job }: RestoreSearch,
  { metadata, point }: Usable,
  damages: readonly Damage[],
  done: Found,
): void {
  const misfit = misfitOf(metadata, point.folder, job);
  if (misfit === null) writeDamages(world, damages, point.checkpointId);
  done(misfit, misfit === null ? point : null);
}

/**
 * A retained checkpoint or savepoint, named by its folder in the store, to start a job from. `snapshot-missing`: there is no complete
 * one; `snapshot-corrupt`: it is damaged, or among `excluding`, which a worker found so; `job-invalid`: it is of another job graph or
 * parallelism.
 */
export function loadRestorePoint(
  world: RestoreWorld,
  folder: string,
  job: RestoringJob,
  done: Found,
  excluding?: ReadonlySet<number>,
): void {
  inspect(world, folder, (result) => {
    switch (result.kind) {
      case "unknown":
        done(result.error, null);
        return;
      case "incomplete":
        done(notThere(folder), null);
        return;
      case "damaged":
        done(damagedIn(folder, result.file, result.problem), null);
        return;
      case "usable": {
        const isDamaged = excluding?.has(result.point.checkpointId) === true;
        const problem = isDamaged
          ? damagedIn(folder, "a snapshot", FOUND_DAMAGED)
          : misfitOf(result.metadata, folder, job);
        done(problem, problem === null ? result.point : null);
      }
    }
  });
}

function notThere(folder: string): FaultlineError {
  const hint = "name the folder of a savepoint or retained checkpoint, relative to the store";
  const message = `there is no complete checkpoint in "${folder}"`;
  return new FaultlineError("snapshot-missing", message, { hint, context: { folder } });
}

function damagedIn(folder: string, file: string, problem: string): FaultlineError {
  const message = `the checkpoint in "${folder}" is damaged: ${file}: ${problem}`;
  return new FaultlineError("snapshot-corrupt", message, { context: { folder, file, problem } });
}

interface Usable {
  readonly kind: "usable";
  readonly metadata: CheckpointMetadata;
  readonly point: RestorePoint;
}

type Inspection =
  | Usable
  | { readonly kind: "incomplete" }
  | { readonly kind: "damaged"; readonly file: string; readonly problem: string }
  | { readonly kind: "unknown"; readonly error: Error };

/** Whether a folder holds a complete checkpoint, without reading its snapshots. */
function inspect(world: RestoreWorld, folder: string, done: (result: Inspection) => void): void {
  world.store.read(`${folder}/${METADATA_FILE}`, (error, bytes) => {
    if (bytes === null) {
      const known = asFaultlineError(error, "checkpoint-failed");
      done(known.code === "snapshot-missing" ? { kind: "incomplete" } : { kind: "unknown", error: known });
      return;
    }
    try {
      const metadata = decodeMetadata(bytes);
      lookForSnapshots(world, metadata, metadata.snapshotFolder ?? folder, done);
    } catch (cause) {
      done({ kind: "damaged", file: METADATA_FILE, problem: problemOf(cause) });
    }
  });
}

function lookForSnapshots(
  world: RestoreWorld,
  metadata: CheckpointMetadata,
  folder: string,
  done: (result: Inspection) => void,
): void {
  const { checkpointId, snapshots } = metadata;
  world.store.list(folder, (error, names) => {
    const missing = snapshots.find(({ file }) => names !== null && !names.includes(file));
    if (names === null) done({ kind: "unknown", error: asFaultlineError(error, "checkpoint-failed") });
    else if (missing !== undefined) done({ kind: "damaged", file: missing.file, problem: "it is not there" });
    else done({ kind: "usable", metadata, point: { checkpointId, folder, snapshots } });
  });
}

function problemOf(error: unknown): string {
  const { context, message } = asFaultlineError(error);
  return typeof context.problem === "string" ? context.problem : message;
}

/** Why the job cannot start from there; null: it can. */
function misfitOf(metadata: CheckpointMetadata, folder: string, job: RestoringJob): FaultlineError | null {
  const vertices = new Set([...Object.keys(metadata.parallelism), ...Object.keys(job.parallelism)]);
  for (const vertex of vertices) {
    const [had, has] = [metadata.parallelism[vertex], job.parallelism[vertex]];
    if (had === undefined || has === undefined || had === has) continue;
    const message = `vertex ${vertex} had ${had} tasks in the checkpoint in "${folder}" and has ${has} in the job`;
    const hint = "start the job with the parallelism of the checkpoint";
    return new FaultlineError("job-invalid", message, { hint, context: { folder, vertex, had, has } });
  }
  if (metadata.graphHash === job.graphHash) return null;
  const message = `the checkpoint in "${folder}" was taken by job ${metadata.jobId} with another graph`;
  const hint = "start the job that took it, unchanged";
  const context = { folder, had: metadata.graphHash, has: job.graphHash };
  return new FaultlineError("job-invalid", message, { hint, context });
}

function writeDamages(world: RestoreWorld, damages: readonly Damage[], usedInstead: number | null): void {
  for (const damage of damages) world.journal.write("checkpointDamaged", { ...damage, usedInstead });
}

function noneUsable(jobId: string, damages: readonly Damage[]): FaultlineError {
  const list = damages.map(({ checkpointId, file, problem }) => `chk-${checkpointId} (${file}: ${problem})`).join(", ");
  const hint = "start from a savepoint, or without state";
  const context = { jobId, damages };
  return new FaultlineError("snapshot-corrupt", `no checkpoint of job ${jobId} can be used: ${list}`, {
    hint,
    context,
  });
}
