import type { Reader } from "../wire/reader.ts";
import type { RequestFrame } from "./frame.ts";

export interface PartitionBatch {
  readonly partition: number;
  /** A whole record batch; sent in place, not copied. */
  readonly bytes: Uint8Array;
}

export interface PartitionProduced {
  readonly partition: number;
  readonly errorCode: number;
  /** −1 where the broker does not know it any more. */
  readonly baseOffset: number;
}

/**
 * Produce, version 7, with acknowledgement by all in-sync replicas: one batch of each of several partitions of one
 * topic. `transactionalId` null: batches without transaction.
 */
export function writeProduceRequest(
  frame: RequestFrame,
  topic: string,
  timeoutMs: number,
  batches: readonly PartitionBatch[],
  transactionalId: string | null,
): void {
  const { writer } = frame;
  writer.string(transactionalId).int16(-1).int32(timeoutMs);
  writer.int32(1).string(topic).int32(batches.length);
  for (const { partition, bytes } of batches) {
    writer.int32(partition).int32(bytes.length);
    frame.attach(bytes);
  }
}

export function readProduceResponse(reader: Reader): PartitionProduced[] {
  return reader.arraysOfTopics((item) => {
    const produced = { partition: item.int32(), errorCode: item.int16(), baseOffset: item.int64() };
    item.int64(); // append time
    item.int64(); // log start
    return produced;
  });
}
