import type { World } from "../ports.ts";
import { checkpointFolder, checkpointIdOf, jobFolder, METADATA_FILE } from "./paths.ts";

interface Retained {
  readonly checkpointId: number;
  /** The entry of a savepoint, whose snapshots lie elsewhere and are never removed. */
  readonly isEntry: boolean;
}

/**
 * The complete checkpoints of one job, and the removal of those that are no longer wanted. What cannot be removed is told to the
 * journal and left: it costs space, nothing else.
 */
export class RetainedCheckpoints {
  readonly #world: Pick<World, "store" | "journal">;
  readonly #jobId: string;
  readonly #retain: number;
  /** Oldest first. */
  #complete: Retained[] = [];
  readonly #distrusted = new Set<number>();
  #largestId = 0;

  constructor(world: Pick<World, "store" | "journal">, jobId: string, retain: number) {
    this.#world = world;
    this.#jobId = jobId;
    this.#retain = Math.max(1, retain);
  }

  /** Largest id that the job's folder has shown. */
  get largestId(): number {
    return this.#largestId;
  }

  /** Finds what an earlier coordinator has left; what of that is not complete is removed. Once, before anything is added. */
  scan(done: (error: Error | null) => void): void {
    this.#world.store.list(jobFolder(this.#jobId), (error, names) => {
      if (names === null) {
        done(error);
        return;
      }
      const ids = names.map(checkpointIdOf).filter((id) => id !== null);
      this.#largestId = Math.max(0, ...ids);
      this.#look(
        ids.toSorted((a, b) => a - b),
        0,
        [],
        done,
      );
    });
  }

  #look(ids: readonly number[], index: number, found: Retained[], done: (error: Error | null) => void): void {
    const checkpointId = ids[index];
    if (checkpointId === undefined) {
      this.#complete = found;
      done(null);
      return;
    }
    const folder = checkpointFolder(this.#jobId, checkpointId);
    this.#world.store.list(folder, (error, names) => {
      if (names === null) {
        done(error);
        return;
      }
      if (names.includes(METADATA_FILE)) found.push({ checkpointId, isEntry: names.length === 1 });
      else this.remove(folder);
      this.#look(ids, index + 1, found, done);
    });
  }

  /** A newer one is complete: what it makes superfluous is removed. */
  add(checkpointId: number, isEntry: boolean): void {
    this.#complete.push({ checkpointId, isEntry });
    const keepFrom =
      this.#trusted()
        .filter((retained) => !retained.isEntry)
        .at(-this.#retain)?.checkpointId ?? 0;
    const superfluous = this.#complete.filter((retained) => {
      return retained.checkpointId < keepFrom || this.#distrusted.has(retained.checkpointId);
    });
    this.#complete = this.#complete.filter((retained) => !superfluous.includes(retained));
    for (const { checkpointId: id } of superfluous) this.remove(checkpointFolder(this.#jobId, id));
  }

  /** The job was restored from an older one: those after it were damaged. They go with the next `add` and do not count until then. */
  distrustAfter(checkpointId: number): void {
    for (const { checkpointId: id } of this.#complete) if (id > checkpointId) this.#distrusted.add(id);
  }

  /** `done` also when it could not be removed. */
  remove(folder: string, done: (isRemoved: boolean) => void = () => {}): void {
    this.#world.store.remove(folder, (error) => {
      if (error !== null) this.#world.journal.write("checkpointNotRemoved", { folder, message: error.message });
      done(error === null);
    });
  }

  #trusted(): readonly Retained[] {
    return this.#complete.filter(({ checkpointId }) => !this.#distrusted.has(checkpointId));
  }
}
