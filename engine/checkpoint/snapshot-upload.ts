import { asFaultlineError, type FaultlineError } from "../../base/errors.ts";
import type { SnapshotHandle } from "../cluster/checkpoint-facts.ts";
import type { World } from "../ports.ts";
import { snapshotFileName } from "./paths.ts";
import type { PendingSnapshot } from "./pending-snapshot.ts";
import { SnapshotFileWriter } from "./snapshot-file.ts";

/** What is written of a snapshot, or copied into its file, before the task works on, bytes. */
const STEP_BYTES = 256 * 1024;

export interface UploadSettings {
  readonly world: Pick<World, "clock" | "timers" | "store" | "localStore" | "journal">;
  readonly pending: Pick<PendingSnapshot, "advance" | "chunks" | "release">;
  readonly vertex: string;
  readonly subtask: number;
  /** The checkpoint's folder. */
  readonly folder: string;
  /** Keep a copy in the process's own store, if it has one. */
  readonly localCopy: boolean;
  /** Once, unless cancelled, never from inside `start`. */
  readonly done: (error: FaultlineError | null, stored: StoredSnapshot | null) => void;
}

export interface StoredSnapshot {
  readonly handle: SnapshotHandle;
  /** From the start of the upload until the snapshot was stored. */
  readonly asyncUs: number;
}

/** Writes a task's snapshot to the store in steps, so that the task works in between. */
export class SnapshotUpload {
  readonly #settings: UploadSettings;
  readonly #file: string;
  #state: "writing" | "storing" | "ended" | "cancelled" = "writing";
  #startedUs = 0;

  constructor(settings: UploadSettings) {
    this.#settings = settings;
    this.#file = snapshotFileName(settings.vertex, settings.subtask);
  }

  start(): void {
    this.#startedUs = this.#settings.world.clock.nowUs();
    this.#soon(() => this.#advance());
  }

  /** The checkpoint is given up: `done` is not called any more, and what may have been stored is removed. */
  cancel(): void {
    if (this.#state === "writing") this.#settings.pending.release();
    if (this.#state !== "ended") this.#state = "cancelled";
  }

  /** Does `step` in a turn of its own; an error in it ends the upload. */
  #soon(step: () => void): void {
    this.#settings.world.timers.soon(() => {
      if (this.#state !== "writing") return;
      try {
        step();
      } catch (error) {
        this.#settings.pending.release();
        this.#fail(error);
      }
    });
  }

  #advance(): void {
    const { pending } = this.#settings;
    if (!pending.advance(STEP_BYTES)) {
      this.#soon(() => this.#advance());
      return;
    }
    const chunks = pending.chunks();
    const writer = new SnapshotFileWriter(chunks.reduce((sum, { length }) => sum + length, 0));
    this.#copy(writer, chunks, 0, 0);
  }

  /** Copies the next step's worth into the file, from byte `from` of chunk `index` on. */
  #copy(writer: SnapshotFileWriter, chunks: readonly Uint8Array[], index: number, from: number): void {
    let left = STEP_BYTES;
    let [at, next] = [index, from];
    for (let chunk = chunks[at]; chunk !== undefined; chunk = chunks[at]) {
      if (left === 0) {
        this.#soon(() => this.#copy(writer, chunks, at, next));
        return;
      }
      const end = Math.min(chunk.length, next + left);
      writer.add(chunk.subarray(next, end));
      left -= end - next;
      next = end;
      if (end < chunk.length) continue;
      at++;
      next = 0;
    }
    this.#store(writer);
  }

  #store(writer: SnapshotFileWriter): void {
    const { world, folder, pending, localCopy } = this.#settings;
    const bytes = writer.finish();
    pending.release();
    this.#state = "storing";
    const path = `${folder}/${this.#file}`;
    const handle = this.#handleOf(bytes, writer.checksum);
    if (localCopy) this.#storeLocally(path, bytes);
    world.store.write(path, bytes, (error) => {
      if (this.#state === "cancelled") this.#takeBack(world.store, path);
      else if (error !== null) this.#fail(error);
      else this.#succeed(handle);
    });
  }

  #handleOf(file: Uint8Array, checksum: number): SnapshotHandle {
    const { vertex, subtask } = this.#settings;
    return { vertex, subtask, file: this.#file, bytes: file.length, checksum };
  }

  /** The copy is for speed only: it may fail. */
  #storeLocally(path: string, bytes: Uint8Array): void {
    const { localStore, journal } = this.#settings.world;
    localStore?.write(path, bytes, (error) => {
      if (error !== null) journal.write("localCopyFailed", { path, message: error.message });
      if (this.#state === "cancelled") this.#takeBack(localStore, path);
    });
  }

  #takeBack(store: World["store"], path: string): void {
    store.remove(path, (error) => {
      if (error !== null) this.#settings.world.journal.write("snapshotNotRemoved", { path, message: error.message });
    });
  }

  #succeed(handle: SnapshotHandle): void {
    this.#state = "ended";
    this.#settings.done(null, { handle, asyncUs: this.#settings.world.clock.nowUs() - this.#startedUs });
  }

  #fail(error: unknown): void {
    this.#state = "ended";
    this.#settings.done(asFaultlineError(error, "checkpoint-failed"), null);
  }
}
