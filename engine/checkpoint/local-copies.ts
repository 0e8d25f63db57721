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

  /** Tasks of this worker write to `folder` now. */
  begin(checkpointId: number, folder: string): void {
    this.#folders.set(checkpointId, folder);
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
    const { localStore, journal } = this.#world;
    const folder = this.#folders.get(checkpointId);
    if (folder === undefined) return;
    this.#folders.delete(checkpointId);
    localStore?.remove(folder, (error) => {
      if (error !== null) journal.write("localCopyNotRemoved", { folder, message: error.message });
    });
  }
}
