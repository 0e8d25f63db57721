import type { BatchView } from "../record-batch/decode.ts";
import type { FetchedPartition } from "../requests/fetch.ts";
import type { Isolation } from "../types.ts";
import { AbortedFilter } from "./aborted.ts";
import type { FetchedBatch, FetchState } from "./partition.ts";

/**
 * Checks the batches that an answer holds of one partition (format, checksum, order), appends them to `batches` and moves
 * `state.offset` past them. With `read_committed`, batches of aborted transactions are marked as such, and those at the last stable
 * offset or behind it left out. `view` is scratch.
 */
export function takeBatches(
  view: BatchView,
  bytes: Buffer,
  answer: FetchedPartition,
  state: FetchState,
  isolation: Isolation,
  batches: FetchedBatch[],
): void {
  const isCommittedOnly = isolation === "read_committed";
  const highWatermark = isCommittedOnly ? answer.lastStableOffset : answer.highWatermark;
  const filter = isCommittedOnly && answer.aborted.length > 0 ? new AbortedFilter(answer.aborted) : null;
  for (let start = answer.recordsStart; start < answer.recordsEnd; ) {
    const end = view.load(bytes, start, answer.recordsEnd, true);
    if (end < 0) return; // cut by the broker: asked for again
    if (isCommittedOnly && view.baseOffset >= highWatermark) return;
    const isAborted = filter?.drops(view) ?? false;
    if (view.nextOffset > state.offset) {
      batches.push({ state, start, end, fromOffset: state.offset, highWatermark, isAborted });
      state.offset = view.nextOffset;
    }
    start = end;
  }
}
