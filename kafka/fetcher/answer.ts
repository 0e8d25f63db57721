import { FaultlineError } from "../../base/errors.ts";
import type { BatchView } from "../record-batch/decode.ts";
import type { FetchedPartition } from "../requests/fetch.ts";
import type { Isolation } from "../types.ts";
import type { FetchedBatch, FetchState } from "./partition.ts";

/**
 * Checks the batches that an answer holds of one partition (format, checksum, order), appends them to `batches` and moves
 * `state.offset` past them. `view` is scratch.
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
  if (isCommittedOnly && answer.abortedCount > 0) {
    throw new FaultlineError(
      "kafka-unsupported",
      "the partition holds aborted transactions, which this client cannot leave out yet",
      {
        hint: "Read it with read_uncommitted.",
        context: { partition: answer.partition, aborted: answer.abortedCount },
      },
    );
  }
  const highWatermark = isCommittedOnly ? answer.lastStableOffset : answer.highWatermark;
  for (let start = answer.recordsStart; start < answer.recordsEnd; ) {
    const end = view.load(bytes, start, answer.recordsEnd, true);
    if (end < 0) return; // cut by the broker: asked for again
    if (view.nextOffset > state.offset) {
      batches.push({ state, start, end, fromOffset: state.offset, highWatermark });
      state.offset = view.nextOffset;
    }
    start = end;
  }
}
