import type { FaultlineError } from "../../base/errors.ts";
import { LocalCopies } from "../checkpoint/local-copies.ts";
import { downloadSnapshot } from "../checkpoint/snapshot-download.ts";
import { SnapshotUpload } from "../checkpoint/snapshot-upload.ts";
import type { World } from "../ports.ts";
import type { Task } from "../task/task.ts";
import { taskFailure } from "../task/task-failure.ts";
import type { TaskSnapshot } from "../task/task-parts.ts";
import type { RestorePoint } from "./checkpoint-facts.ts";
import type { WorkerToCoordinator } from "./messages.ts";
import { taskKey } from "./placement.ts";
import { withSink } from "./sink-states.ts";

type SnapshotWorld = Pick<World, "clock" | "timers" | "store" | "localStore" | "journal">;

interface JobSnapshotsParts {
  readonly world: SnapshotWorld;
  readonly send: (message: WorkerToCoordinator) => void;
  readonly jobId: string;
  /** Keep copies in the worker's own store. */
  readonly localCopies: boolean;
}

interface EarlySnapshot {
  readonly task: Task;
  readonly snapshot: TaskSnapshot;
}

/** Checkpoints whose snapshots may be on their way at once: one in progress, aborted ones before it. */
const MAX_FOLDERS = 16;

/** What the tasks of one job on this worker save, on its way to the store, and what they start from, on its way back. */
export class JobSnapshots {
  readonly #parts: JobSnapshotsParts;
  readonly #copies: LocalCopies;
  #attempt = 0;
  /** Checkpoint → its folder, of those that were ordered. */
  readonly #folders = new Map<number, string>();
  /** Snapshots whose checkpoint was not ordered here yet: the barrier was quicker than word of it. */
  #early: EarlySnapshot[] = [];
  readonly #uploads = new Map<SnapshotUpload, { readonly checkpointId: number }>();

  constructor(parts: JobSnapshotsParts) {
    this.#parts = parts;
    this.#copies = new LocalCopies(parts.world);
  }

  /** Reads what the tasks of an attempt start from, by name of the task; replicas start from what their instance has saved. `done` is not called when another attempt begins before. */
  begin(
    attempt: number,
    restore: RestorePoint | null,
    tasks: readonly { readonly vertex: string; readonly subtask: number; readonly instance: number }[],
    done: (error: FaultlineError | null, states: ReadonlyMap<string, Uint8Array> | null) => void,
  ): void {
    this.end();
    this.#attempt = attempt;
    this.#copies.keepOnly(restore?.checkpointId ?? null);
    if (restore === null) {
      done(null, null);
      return;
    }
    const handles = new Map(restore.snapshots.map((handle) => [taskKey(handle.vertex, handle.subtask), handle]));
    const wanted = tasks.flatMap(({ vertex, subtask, instance }) => {
      const handle = handles.get(taskKey(vertex, instance));
      return handle === undefined ? [] : [{ name: taskKey(vertex, subtask), handle }];
    });
    const states = new Map<string, Uint8Array>();
    let failed = false;
    for (const { name, handle } of wanted) {
      downloadSnapshot(this.#parts.world, restore.folder, handle, (error, snapshot) => {
        if (failed || this.#attempt !== attempt) return;
        if (snapshot === null) {
          failed = true;
          done(error, null);
          return;
        }
        states.set(name, snapshot.payload);
        if (states.size === wanted.length) done(null, states);
      });
    }
    if (wanted.length === 0) done(null, states);
  }

  /** The job is over: nothing will start from its copies. */
  close(): void {
    this.end();
    this.#copies.keepOnly(null);
  }

  /** The attempt is over: what is on its way is given up. */
  end(): void {
    this.#attempt = 0;
    for (const upload of this.#uploads.keys()) upload.cancel();
    for (const { snapshot } of this.#early) snapshot.state.release();
    this.#uploads.clear();
    this.#folders.clear();
    this.#early = [];
  }

  onOrder(checkpointId: number, folder: string): void {
    this.#folders.set(checkpointId, folder);
    for (const id of this.#folders.keys()) {
      if (this.#folders.size <= MAX_FOLDERS) break;
      this.#folders.delete(id);
    }
    this.#copies.begin(checkpointId, folder);
    const early = this.#early;
    this.#early = [];
    for (const { task, snapshot } of early) this.onSnapshot(task, snapshot);
  }

  onSnapshot(task: Task, snapshot: TaskSnapshot): void {
    const { checkpointId, state, sink, cost } = snapshot;
    const folder = this.#folders.get(checkpointId);
    if (folder === undefined) {
      // A later checkpoint of the same task makes it useless: the earlier one will not be ordered any more.
      this.#dropEarly((other) => other.task === task);
      this.#early.push({ task, snapshot });
      return;
    }
    const { world, send, jobId, localCopies } = this.#parts;
    const { vertex, subtask } = task;
    const about = { jobId, attempt: this.#attempt, checkpointId };
    const upload: SnapshotUpload = new SnapshotUpload({
      world,
      pending: state,
      vertex,
      subtask,
      folder,
      done: (error, stored) => {
        this.#uploads.delete(upload);
        if (stored !== null) {
          const { asyncUs } = stored;
          const handle = withSink(stored.handle, sink);
          if (localCopies) this.#copies.keep(checkpointId, `${folder}/${handle.file}`);
          send({ type: "snapshotStored", ...about, handle, cost: { ...cost, asyncUs, bytes: handle.bytes } });
        } else {
          const failure = taskFailure(error, `snapshot of ${vertex}/${subtask}`, "checkpoint-failed");
          send({ type: "snapshotFailed", ...about, vertex, subtask, failure });
        }
      },
    });
    this.#uploads.set(upload, { checkpointId });
    upload.start();
  }

  onComplete(checkpointId: number): void {
    this.#copies.complete(checkpointId);
    this.#folders.delete(checkpointId);
  }

  onAborted(checkpointId: number): void {
    this.#dropEarly(({ snapshot }) => snapshot.checkpointId === checkpointId);
    for (const [upload, of] of this.#uploads) {
      if (of.checkpointId !== checkpointId) continue;
      upload.cancel();
      this.#uploads.delete(upload);
    }
    this.#copies.abort(checkpointId);
  }

  #dropEarly(isUseless: (early: EarlySnapshot) => boolean): void {
    for (const early of this.#early) if (isUseless(early)) early.snapshot.state.release();
    this.#early = this.#early.filter((early) => !isUseless(early));
  }
}
