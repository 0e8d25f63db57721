import { brokerError } from "../errors.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import type { ProducerIdentity } from "./init-producer-id.ts";

/** EndTxn, version 2: commits or aborts. Answered once the decision is durable, before readers of committed records see it. */
export function writeEndTxnRequest(
  writer: Writer,
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  isCommit: boolean,
): void {
  writer.string(transactionalId).int64(producerId).int16(producerEpoch).boolean(isCommit);
}

/** Throws the broker's error. */
export function readEndTxnResponse(reader: Reader, what: string): void {
  reader.int32(); // throttle time
  const errorCode = reader.int16();
  if (errorCode !== 0) throw brokerError(errorCode, what);
}
