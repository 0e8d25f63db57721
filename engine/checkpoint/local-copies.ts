import type { World } from "../ports.ts";

/**
 * A worker's own copies of what its tasks have saved for one job: kept are those of the newest complete checkpoint, and of what may
 * still become complete after it.
 */
export class LocalCopies {
  readonly #world: Pick<World, "localStore" | "journal">;
  /** Checkpoint → its folder. */
  readonly #folders = new Map<number, string>();

  constructor(world: Pick<World, "localStore" | "journal">) {
    this.#world = world;
  }

  /** Tasks of this worker save to `folder` of the store now. */
  begin(checkpointId: number, folder: string): void {
    this.#folders.set(checkpointId, folder);
  }

  /** One of them is in the store, at `path`. A copy is for speed only: that there is none is told to the journal. */
  keep(checkpointId: number, path: string): void {
    const { localStore, journal } = this.#world;
    if (localStore === undefined || !this.#folders.has(checkpointId)) return;
    localStore.keep(path, (error) => {
      if (error !== null) journal.write("localCopyFailed", { path, message: error.message });
      // Given up meanwhile: what came too late for the removal of the folder goes too.
      else if (!this.#folders.has(checkpointId)) this.#take(path);
    });
  }

  complete(checkpointId: number): void {
    for (const id of this.#folders.keys()) if (id < checkpointId) this.#remove(id);
  }

  abort(checkpointId: number): void {
    this.#remove(checkpointId);
  }

  /** The job is restored from this one, or has ended (null): no other will be of use. */
  keepOnly(checkpointId: number | null): void {
    for (const id of this.#folders.keys()) if (id !== checkpointId) this.#remove(id);
  }

  #remove(checkpointId: number): void {
    const folder = this.#folders.get(checkpointId);
    if (folder === undefined) return;
    this.#folders.delete(checkpointId);
    this.#take(folder);
  }

  #take(path: string): void {
    const { localStore, journal } = this.#world;
    localStore?.remove(path, (error) => {
      if (error !== null) journal.write("localCopyNotRemoved", { path, message: error.message });
    });
  }
}
