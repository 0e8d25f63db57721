import { brokerError } from "../errors.ts";
import type { TransactionOptions } from "../types.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** InitProducerId, version 1; `transaction` null for a producer without transactions. */
export function writeInitProducerIdRequest(writer: Writer, transaction: TransactionOptions | null): void {
  const noTransactionTimeoutMs = 0x7fffffff;
  writer.string(transaction?.id ?? null).int32(transaction?.timeoutMs ?? noTransactionTimeoutMs);
}

/** Throws the broker's error. */
export function readInitProducerIdResponse(reader: Reader, what = "asking for a producer id"): ProducerIdentity {
  reader.int32(); // throttle time
  const errorCode = reader.int16();
  if (errorCode !== 0) throw brokerError(errorCode, what);
  return { producerId: reader.int64(), producerEpoch: reader.int16() };
}
