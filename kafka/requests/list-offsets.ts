import type { Isolation } from "../types.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";

const TIMESTAMP = { latest: -1, earliest: -2 } as const;

export interface PartitionOffset {
  readonly partition: number;
  readonly errorCode: number;
  readonly offset: number;
}

/**
 * ListOffsets, version 2; `latest` is the high watermark, or for read_committed the last stable offset. For partitions led by the
 * broker that is asked.
 */
export function writeListOffsetsRequest(
  writer: Writer,
  topic: string,
  partitions: readonly number[],
  which: "earliest" | "latest",
  isolation: Isolation,
): void {
  writer.int32(-1).int8(isolation === "read_committed" ? 1 : 0);
  writer.array([topic], (target, name) => {
    target.string(name).array(partitions, (item, partition) => item.int32(partition).int64(TIMESTAMP[which]));
  });
}

export function readListOffsetsResponse(reader: Reader): PartitionOffset[] {
  reader.int32(); // throttle time
  return reader.arraysOfTopics((item) => {
    const partition = item.int32();
    const errorCode = item.int16();
    item.int64(); // timestamp
    return { partition, errorCode, offset: item.int64() };
  });
}
