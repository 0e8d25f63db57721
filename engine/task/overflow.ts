import { DEFAULT_SPILL, type JobSpec } from "../cluster/job-spec.ts";
import type { ScratchFiles } from "../ports.ts";

/** What the channels of a task may hold beyond their windows while the merge waits for another one, all together. */
export interface Overflow {
  /** In memory. */
  readonly memoryBytes: number;
  /** In files besides. */
  readonly diskBytes: number;
  /** null: there are none. */
  readonly files: ScratchFiles | null;
}

const NONE: Overflow = { memoryBytes: 0, diskBytes: 0, files: null };

/** What the job allows each of its tasks: only merges of replicated jobs let channels exceed their windows. */
export function overflowOf({ replication }: JobSpec, files: ScratchFiles | null): Overflow {
  if (replication === undefined) return NONE;
  const { spillAfterBytes = DEFAULT_SPILL.afterBytes, maxSpillBytes = DEFAULT_SPILL.maxBytes } = replication;
  return { memoryBytes: spillAfterBytes, diskBytes: maxSpillBytes, files };
}
