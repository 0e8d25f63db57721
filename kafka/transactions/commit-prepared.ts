import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs } from "../../base/clock.ts";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { Backoff } from "../backoff.ts";
import type { Call } from "../control.ts";
import { BROKER_ERROR, errorCodeOf } from "../errors.ts";
import type { PreparedTransaction } from "../types.ts";
import { mayPass, type TransactionCoordinator } from "./coordinator.ts";
import { type MarkerSearch, markerSearch } from "./marker-search.ts";

/** How long brokers may be away. */
const TIMEOUT_MS = 60_000;
/** How long the marker of a transaction that has been decided may take to be written. */
const MARKER_MS = 10_000;

/** The coordinator knows the transaction no more: it was committed and the id used again, or it was aborted. The log tells which. */
const AMBIGUOUS: ReadonlySet<number | null> = new Set([
  BROKER_ERROR.invalidProducerEpoch,
  BROKER_ERROR.producerFenced,
  BROKER_ERROR.invalidTransactionState,
  BROKER_ERROR.invalidProducerIdMapping,
]);

export interface PreparedLog {
  readonly topic: string;
  /** Offset of the first record that readers of committed records do not see yet. */
  lastStableOffset(partition: number): Promise<number>;
  /** Asks the leader of the partition. */
  askLeader<T>(partition: number, call: Call<T>): Promise<T>;
}

/**
 * Commits what an earlier holder of the transactional id has prepared. Resolves also when it is committed already, by whomever.
 * Throws `transaction-lost` when it was aborted, or when its end cannot be found.
 */
export async function commitPrepared(
  coordinator: TransactionCoordinator,
  log: PreparedLog,
  prepared: PreparedTransaction,
): Promise<void> {
  const endUs = monotonicUs() + TIMEOUT_MS * 1000;
  const backoff = new Backoff(20, 500);
  for (;;) {
    try {
      if (!(await isOver(coordinator, log, prepared))) return;
      await requireCommitted(log, prepared);
      return;
    } catch (cause) {
      const error = asFaultlineError(cause);
      if (!mayPass(error) || monotonicUs() > endUs) throw error;
      await delay(backoff.next());
    }
  }
}

/** Commits; whether it had ended before, in whatever way. */
async function isOver(
  coordinator: TransactionCoordinator,
  log: PreparedLog,
  prepared: PreparedTransaction,
): Promise<boolean> {
  const { partition, producerId, epoch, firstOffset } = prepared;
  // What is open now may be a later transaction of the same holder, which must not be committed in its place.
  if (firstOffset >= 0) {
    const stableOffset = await log.lastStableOffset(partition);
    if (stableOffset > firstOffset) return true;
    // Somebody else's open transaction hides how it stands: the log's markers tell.
    if (stableOffset < firstOffset && (await hasEnded(log, prepared))) return true;
  }
  try {
    await coordinator.end({ producerId, producerEpoch: epoch }, true);
    return false;
  } catch (cause) {
    const error = asFaultlineError(cause);
    if (AMBIGUOUS.has(errorCodeOf(error))) return true;
    throw error;
  }
}

async function hasEnded(log: PreparedLog, prepared: PreparedTransaction): Promise<boolean> {
  for (let offset = prepared.firstOffset; ; ) {
    const { outcome, nextOffset, endOffset } = await look(log, prepared, offset);
    if (outcome !== null) return true;
    if (nextOffset >= endOffset || nextOffset <= offset) return false;
    offset = nextOffset;
  }
}

async function requireCommitted(log: PreparedLog, prepared: PreparedTransaction): Promise<void> {
  const { firstOffset } = prepared;
  if (firstOffset < 0) throw lost(log.topic, prepared, "where its records lie is not known");
  const endUs = monotonicUs() + MARKER_MS * 1000;
  const backoff = new Backoff(5, 200);
  for (let offset = firstOffset; ; ) {
    const seen = await look(log, prepared, offset);
    if (seen.outcome === "commit") return;
    if (seen.outcome === "abort") throw lost(log.topic, prepared, "the broker aborted it", seen);
    const isAtEnd = seen.nextOffset >= seen.endOffset;
    // While something of before its place is open, its own marker may not be written yet.
    if (isAtEnd && (seen.lastStableOffset > firstOffset || monotonicUs() > endUs)) {
      throw lost(log.topic, prepared, "the log does not tell how it ended", seen);
    }
    offset = seen.nextOffset;
    if (isAtEnd) await delay(backoff.next());
  }
}

async function look(log: PreparedLog, prepared: PreparedTransaction, offset: number): Promise<MarkerSearch> {
  try {
    return await log.askLeader(prepared.partition, markerSearch(log.topic, prepared, offset));
  } catch (cause) {
    const error = asFaultlineError(cause);
    if (errorCodeOf(error) !== BROKER_ERROR.offsetOutOfRange) throw error;
    throw lost(log.topic, prepared, "the log does not reach back to it any more");
  }
}

function lost(topic: string, prepared: PreparedTransaction, reason: string, seen?: MarkerSearch): FaultlineError {
  const { id, partition, firstOffset } = prepared;
  const message = `the prepared transaction of ${id} in ${topic}/${partition} from offset ${firstOffset} cannot be committed: ${reason}`;
  return new FaultlineError("transaction-lost", message, {
    hint: "Its records will never be visible. Make the transaction timeout longer than the longest outage, and keep the log as long.",
    context: { topic, ...prepared, ...(seen === undefined ? {} : { seen }) },
  });
}
