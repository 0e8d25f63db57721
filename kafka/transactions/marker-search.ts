import { FaultlineError } from "../../base/errors.ts";
import type { Call } from "../control.ts";
import { BROKER_ERROR, brokerError } from "../errors.ts";
import { BatchView } from "../record-batch/decode.ts";
import { API } from "../requests/api.ts";
import { readFetchResponse, writeFetchRequest } from "../requests/fetch.ts";
import type { PreparedTransaction } from "../types.ts";

const MAX_BYTES = 4 * 1024 * 1024;

/** What one look into the log has shown. */
export interface MarkerSearch {
  /** How the transaction ended; null when no marker of it has been met. */
  readonly outcome: "commit" | "abort" | null;
  /** Epoch of the marker. */
  readonly epoch: number | null;
  /** Where to look on. */
  readonly nextOffset: number;
  readonly endOffset: number;
  readonly lastStableOffset: number;
}

/**
 * Looks from `offset` on for the control record that ended the transaction: the first marker of its producer, whose epoch is the
 * transaction's, or a later one where the broker aborted it (it raises the epoch then).
 */
export function markerSearch(topic: string, prepared: PreparedTransaction, offset: number): Call<MarkerSearch> {
  const { partition } = prepared;
  const request = {
    topic,
    isolation: "read_uncommitted" as const,
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: MAX_BYTES,
    maxBytesPerPartition: MAX_BYTES,
  };
  return {
    api: API.fetch,
    write: (writer) => writeFetchRequest(writer, request, [{ partition, offset }]),
    read: (reader) => {
      const { errorCode, partitions } = readFetchResponse(reader);
      const answer = partitions.find((candidate) => candidate.partition === partition);
      const what = `looking into ${topic}/${partition} for the end of a transaction`;
      const error = errorCode !== BROKER_ERROR.none ? errorCode : (answer?.errorCode ?? 0);
      if (error !== BROKER_ERROR.none) throw brokerError(error, what);
      if (answer === undefined) throw new FaultlineError("kafka-protocol", `${what}: the answer lacks the partition`);
      const { recordsStart, recordsEnd, highWatermark: endOffset, lastStableOffset } = answer;
      const found = search(reader.buffer, recordsStart, recordsEnd, offset, prepared);
      return { ...found, endOffset, lastStableOffset };
    },
  };
}

type Found = Pick<MarkerSearch, "outcome" | "epoch" | "nextOffset">;

function search(bytes: Buffer, start: number, end: number, offset: number, prepared: PreparedTransaction): Found {
  const view = new BatchView();
  let nextOffset = offset;
  for (let at = start; at < end; ) {
    const next = view.load(bytes, at, end, true);
    if (next < 0) break;
    at = next;
    if (view.nextOffset <= offset) continue;
    nextOffset = view.nextOffset;
    if (!view.isControl || view.producerId !== prepared.producerId) continue;
    const { producerEpoch: epoch } = view;
    const outcome = epoch < prepared.epoch ? null : view.marker();
    if (outcome !== null) return { outcome, epoch, nextOffset };
  }
  return { outcome: null, epoch: null, nextOffset };
}
