import { asFaultlineError, type FaultlineError } from "../../base/errors.ts";
import type { SnapshotHandle } from "../cluster/checkpoint-facts.ts";
import type { StoreFile, World } from "../ports.ts";
import { recycleChunk } from "./chunks.ts";
import { snapshotFileName } from "./paths.ts";
import type { PendingSnapshot } from "./pending-snapshot.ts";
import { SnapshotFrame } from "./snapshot-file.ts";

/** What is written of a snapshot before the task works on, bytes. */
const STEP_BYTES = 512 * 1024;
/** What is given to the store at once, bytes: each time wakes a thread up, which is dear beside a quarter of this. */
const APPEND_BYTES = 2 * STEP_BYTES;
/** What may be on its way to the store before no more is written, bytes. */
const MAX_UNTAKEN_BYTES = 2 * APPEND_BYTES;

export interface UploadSettings {
  readonly world: Pick<World, "clock" | "timers" | "store" | "journal">;
  readonly pending: Pick<PendingSnapshot, "advance" | "take" | "lateLengths" | "release">;
  readonly vertex: string;
  readonly subtask: number;
  /** The checkpoint's folder. */
  readonly folder: string;
  /** Once, unless cancelled, never from inside `start`. */
  readonly done: (error: FaultlineError | null, stored: StoredSnapshot | null) => void;
}

export interface StoredSnapshot {
  readonly handle: SnapshotHandle;
  /** From the start of the upload until the snapshot was stored. */
  readonly asyncUs: number;
}

/** Writes a task's snapshot to the store in steps, so that the task works in between and the snapshot is never in memory as a whole. */
export class SnapshotUpload {
  readonly #settings: UploadSettings;
  readonly #name: string;
  readonly #frame = new SnapshotFrame();
  #file: StoreFile | null = null;
  #state: "writing" | "storing" | "ended" | "cancelled" = "writing";
  #startedUs = 0;
  /** For the next append. */
  #collected: Uint8Array[] = [];
  #collectedBytes = 0;
  /** On its way to the store, bytes. */
  #untakenBytes = 0;
  /** The next step waits until the store has taken some. */
  #isHeld = false;

  constructor(settings: UploadSettings) {
    this.#settings = settings;
    this.#name = snapshotFileName(settings.vertex, settings.subtask);
  }

  get #path(): string {
    return `${this.#settings.folder}/${this.#name}`;
  }

  start(): void {
    this.#startedUs = this.#settings.world.clock.nowUs();
    this.#soon();
  }

  /** The checkpoint is given up: `done` is not called any more, and what may have been stored is removed. */
  cancel(): void {
    if (this.#state === "writing") this.#giveUp();
    if (this.#state !== "ended") this.#state = "cancelled";
  }

  /** Does a step in a turn of its own; an error in it ends the upload. */
  #soon(): void {
    this.#settings.world.timers.soon(() => {
      if (this.#state !== "writing") return;
      try {
        this.#step();
      } catch (error) {
        this.#giveUp();
        this.#fail(error);
      }
    });
  }

  #step(): void {
    const { pending } = this.#settings;
    const isComplete = pending.advance(STEP_BYTES);
    this.#file ??= this.#create();
    for (const piece of pending.take()) {
      this.#frame.add(piece);
      this.#collect(piece);
    }
    if (isComplete) {
      this.#collect(this.#frame.trailer(pending.lateLengths));
      this.#append(this.#file);
      this.#finish(this.#file);
      return;
    }
    if (this.#collectedBytes >= APPEND_BYTES) this.#append(this.#file);
    if (this.#untakenBytes < MAX_UNTAKEN_BYTES) this.#soon();
    else this.#isHeld = true;
  }

  #create(): StoreFile {
    this.#collect(this.#frame.header());
    return this.#settings.world.store.create(this.#path);
  }

  #collect(piece: Uint8Array): void {
    this.#collected.push(piece);
    this.#collectedBytes += piece.length;
  }

  #append(file: StoreFile): void {
    const pieces = this.#collected;
    const bytes = this.#collectedBytes;
    this.#collected = [];
    this.#collectedBytes = 0;
    this.#untakenBytes += bytes;
    file.append(pieces, () => {
      for (const piece of pieces) recycleChunk(piece);
      this.#untakenBytes -= bytes;
      if (!this.#isHeld || this.#untakenBytes >= MAX_UNTAKEN_BYTES) return;
      this.#isHeld = false;
      this.#soon();
    });
  }

  #finish(file: StoreFile): void {
    this.#state = "storing";
    const { vertex, subtask } = this.#settings;
    const handle: SnapshotHandle = { vertex, subtask, file: this.#name, ...this.#frame.result };
    file.finish((error) => {
      if (this.#state === "cancelled") this.#takeBack();
      else if (error !== null) this.#fail(error);
      else this.#succeed(handle);
    });
  }

  /** Of one that is being written. */
  #giveUp(): void {
    this.#settings.pending.release();
    this.#file?.abandon();
  }

  #takeBack(): void {
    const path = this.#path;
    const { store, journal } = this.#settings.world;
    store.remove(path, (error) => {
      if (error !== null) journal.write("snapshotNotRemoved", { path, message: error.message });
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
