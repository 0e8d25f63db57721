import type { World } from "../ports.ts";
import { encodeMetadata } from "./metadata.ts";
import { checkpointFolder, METADATA_FILE } from "./paths.ts";
import type { CheckpointFacts, PendingCheckpoint } from "./pending-checkpoint.ts";
import type { RetainedCheckpoints } from "./retained-checkpoints.ts";

/** Aborted checkpoints of which files that come late are still removed. */
const MAX_ABORTED = 32;

/** What the coordinator of checkpoints writes to the store, and takes away again. */
export class CheckpointFiles {
  readonly #world: Pick<World, "clock" | "store">;
  readonly #jobId: string;
  readonly #graphHash: string;
  readonly #retained: RetainedCheckpoints;
  readonly #aborted = new Map<number, CheckpointFacts>();

  constructor(
    world: Pick<World, "clock" | "store">,
    retained: RetainedCheckpoints,
    job: { readonly jobId: string; readonly graphHash: string },
  ) {
    this.#world = world;
    this.#retained = retained;
    this.#jobId = job.jobId;
    this.#graphHash = job.graphHash;
  }

  /** Makes it complete: its metadata, and for a savepoint then its entry among the job's checkpoints. */
  storeMetadata(pending: PendingCheckpoint, done: (error: Error | null) => void): void {
    const { store, clock } = this.#world;
    const { checkpointId, kind, folder } = pending.facts;
    const timeUs = clock.nowUs() + (clock.epochOffsetUs ?? 0);
    const metadata = pending.metadata(this.#jobId, this.#graphHash, timeUs);
    store.write(`${folder}/${METADATA_FILE}`, encodeMetadata(metadata), (error) => {
      if (error !== null || kind !== "savepoint") return done(error);
      const entry = encodeMetadata({ ...metadata, snapshotFolder: folder });
      store.write(`${checkpointFolder(this.#jobId, checkpointId)}/${METADATA_FILE}`, entry, done);
    });
  }

  /** Takes away what there is of an aborted one; `done`: nobody can take it for a complete one any more, or it could not be removed. */
  removeAborted(facts: CheckpointFacts, done: (isRemoved: boolean) => void): void {
    const { checkpointId, kind, folder } = facts;
    this.#aborted.set(checkpointId, facts);
    if (this.#aborted.size > MAX_ABORTED) this.#aborted.delete(Math.min(...this.#aborted.keys()));
    const entry = checkpointFolder(this.#jobId, checkpointId);
    this.#retained.remove(entry, (isRemoved) => {
      // An entry that stays needs what it points to.
      if (kind === "savepoint" && isRemoved) this.#retained.remove(folder, done);
      else done(isRemoved);
    });
  }

  /** A task has stored its part of a checkpoint that was aborted before: that goes too. */
  removeLate(checkpointId: number): void {
    const facts = this.#aborted.get(checkpointId);
    if (facts !== undefined) this.removeAborted(facts, () => {});
  }
}
