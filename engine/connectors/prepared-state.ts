import { FaultlineError } from "../../base/errors.ts";
import type { PreparedTransaction } from "../ports.ts";

/** Prepared transactions as the state of a sink. */
export function encodePrepared(transactions: readonly PreparedTransaction[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(transactions));
}

/** What `encodePrepared` was given; none of empty bytes. `snapshot-corrupt` when it is something else. */
export function decodePrepared(state: Uint8Array): readonly PreparedTransaction[] {
  if (state.length === 0) return [];
  let transactions: unknown;
  try {
    transactions = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(state));
  } catch (cause) {
    throw new FaultlineError("snapshot-corrupt", "the state of a sink is not JSON", { cause });
  }
  if (!Array.isArray(transactions) || !transactions.every(isPrepared)) {
    throw new FaultlineError("snapshot-corrupt", "the state of a sink is not a list of prepared transactions", {
      context: { transactions },
    });
  }
  return transactions;
}

function isPrepared(value: unknown): value is PreparedTransaction {
  if (typeof value !== "object" || value === null) return false;
  const { id, producerId, epoch, partition, firstOffset } = value as Record<string, unknown>;
  return typeof id === "string" && [producerId, epoch, partition, firstOffset].every(Number.isSafeInteger);
}
