import { brokerError } from "../errors.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** InitProducerId, version 1, without transactions. */
export function writeInitProducerIdRequest(writer: Writer): void {
  const noTransactionTimeoutMs = 0x7fffffff;
  writer.string(null).int32(noTransactionTimeoutMs);
}

/** Throws the broker's error. */
export function readInitProducerIdResponse(reader: Reader): ProducerIdentity {
  reader.int32(); // throttle time
  const errorCode = reader.int16();
  if (errorCode !== 0) throw brokerError(errorCode, "asking for a producer id");
  return { producerId: reader.int64(), producerEpoch: reader.int16() };
}
