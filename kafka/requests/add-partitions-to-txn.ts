import { BROKER_ERROR, brokerError } from "../errors.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import type { ProducerIdentity } from "./init-producer-id.ts";

/** AddPartitionsToTxn, version 2, for partitions of one topic. */
export function writeAddPartitionsToTxnRequest(
  writer: Writer,
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  topic: string,
  partitions: readonly number[],
): void {
  writer.string(transactionalId).int64(producerId).int16(producerEpoch);
  writer
    .int32(1)
    .string(topic)
    .array(partitions, (target, partition) => target.int32(partition));
}

/** Throws the broker's error: partitions are added all or none, and the one that stood in the way says why. */
export function readAddPartitionsToTxnResponse(reader: Reader, what: string): void {
  reader.int32(); // throttle time
  const codes = reader.arraysOfTopics((item) => {
    item.int32(); // partition
    return item.int16();
  });
  const errors = codes.filter((errorCode) => errorCode !== BROKER_ERROR.none);
  const errorCode = errors.find((code) => code !== BROKER_ERROR.operationNotAttempted) ?? errors[0];
  if (errorCode !== undefined) throw brokerError(errorCode, what);
}
