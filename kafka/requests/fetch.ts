import type { Isolation } from "../types.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";

export interface FetchRequest {
  readonly topic: string;
  readonly isolation: Isolation;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
}

export interface FetchPosition {
  readonly partition: number;
  readonly offset: number;
}

/** A transaction of this producer that begins at `firstOffset` and was aborted. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** What a Fetch answer says of one partition; its record batches lie in the answer's bytes `[recordsStart, recordsEnd)`. */
export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  /** Of those with records in the answer; told to readers of committed records only. In no particular order. */
  readonly aborted: readonly AbortedTransaction[];
  readonly recordsStart: number;
  readonly recordsEnd: number;
}

/** Fetch, version 11, without a fetch session: all partitions of one broker in one request. */
export function writeFetchRequest(writer: Writer, request: FetchRequest, positions: readonly FetchPosition[]): void {
  const unknown = -1;
  writer.int32(unknown).int32(request.maxWaitMs).int32(request.minBytes).int32(request.maxBytes);
  writer.int8(request.isolation === "read_committed" ? 1 : 0);
  writer.int32(0).int32(unknown); // no session
  writer.int32(1).string(request.topic);
  writer.array(positions, (target, { partition, offset }) => {
    target.int32(partition).int32(unknown).int64(offset).int64(unknown).int32(request.maxBytesPerPartition);
  });
  writer.int32(0).string(""); // no forgotten topics, no rack
}

export interface FetchAnswer {
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

export function readFetchResponse(reader: Reader): FetchAnswer {
  reader.int32(); // throttle time
  const errorCode = reader.int16();
  reader.int32(); // session
  return { errorCode, partitions: reader.arraysOfTopics(readPartition) };
}

function readPartition(reader: Reader): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  reader.int64(); // log start
  const aborted = reader.array(readAborted);
  reader.int32(); // preferred replica
  const recordsLength = Math.max(0, reader.int32());
  const recordsStart = reader.skip(recordsLength);
  return {
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    aborted,
    recordsStart,
    recordsEnd: recordsStart + recordsLength,
  };
}

function readAborted(reader: Reader): AbortedTransaction {
  return { producerId: reader.int64(), firstOffset: reader.int64() };
}
