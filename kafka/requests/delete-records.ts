import { brokerError } from "../errors.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";

/** DeleteRecords, version 1: `partition` of `topic`, led by the broker that is asked, begins at `offset` from then on, or at where it begins already. */
export function writeDeleteRecordsRequest(
  writer: Writer,
  topic: string,
  partition: number,
  offset: number,
  timeoutMs: number,
): void {
  writer.array([topic], (target, name) => {
    target.string(name).array([partition], (item) => item.int32(partition).int64(offset));
  });
  writer.int32(timeoutMs);
}

/** Throws the broker's error. */
export function readDeleteRecordsResponse(reader: Reader, what: string): void {
  reader.int32(); // throttle time
  const codes = reader.arraysOfTopics((item) => {
    item.int32(); // partition
    item.int64(); // where it begins now
    return item.int16();
  });
  for (const errorCode of codes) if (errorCode !== 0) throw brokerError(errorCode, what);
}
