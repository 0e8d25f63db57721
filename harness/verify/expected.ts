import { FaultlineError } from "../../base/errors.ts";
import type { DataSet } from "../../generators/dataset.ts";
import type { ExpectedRow, QueryDefinition, Value } from "../../queries/query.ts";
import type { PartitionedRecords } from "./partitioned-records.ts";
import { RowHasher } from "./row-hash.ts";
import { WatermarkSteps } from "./triggers.ts";

/**
 * One expected row on its way to the join, little endian: hashes of name, content and order key (u32 high, u32 low each), f64 trigger slot
 * (event index, window end in ms, or −1 for none: see `ExpectedRows.triggerOf`), u32 last input, i32 ordinal (−1 − ordinal of a row
 * that may be missing).
 */
export const EXPECTED_BYTES = 40;
export const EXPECTED_ORDINAL_AT = 36;

export interface ExpectedRows {
  readonly count: number;
  /** Event index that an output is charged to, from the trigger slot of its record; null = verified, but no latency. */
  triggerOf(slot: number): number | null;
  /** Input partition of an event. */
  partitionOf(eventIndex: number): number;
}

/** Which of `partitions` lists a row of this name belongs to. Expected and observed rows of one name meet in one list. */
export function nameBucket(nameHigh: number, partitions: number): number {
  return partitions === 1 ? 0 : nameHigh % partitions;
}

/** Replays the data set through the query's oracle and appends every expected row to `into`, spread by name. */
export function replayExpected<E>(
  query: QueryDefinition<E>,
  data: DataSet<E>,
  watermarkDelayMs: number,
  into: PartitionedRecords,
): ExpectedRows {
  const hasher = new RowHasher(query);
  const windows = query.trigger.kind === "endOfWindow";
  const steps = new WatermarkSteps(data.partitions, watermarkDelayMs);
  const partitionOf = data.partitions <= 256 ? new Uint8Array(data.events) : new Uint16Array(data.events);
  let count = 0;
  const emit = (row: ExpectedRow) => {
    hasher.fromValues(row.values);
    const at = into.append(nameBucket(hasher.nameHigh, into.partitions));
    const view = into.view;
    view.setUint32(at, hasher.nameHigh, true);
    view.setUint32(at + 4, hasher.nameLow, true);
    view.setUint32(at + 8, hasher.contentHigh, true);
    view.setUint32(at + 12, hasher.contentLow, true);
    view.setUint32(at + 16, hasher.orderHigh, true);
    view.setUint32(at + 20, hasher.orderLow, true);
    view.setFloat64(at + 24, triggerSlot(query, row), true);
    view.setUint32(at + 32, row.lastInput, true);
    view.setInt32(at + EXPECTED_ORDINAL_AT, row.optional === true ? -1 - count : count, true);
    count++;
  };
  const oracle = query.oracle();
  const cursor = data.open();
  while (cursor.advance()) {
    partitionOf[cursor.index] = cursor.partition;
    if (windows) steps.onEvent(cursor.partition, cursor.eventTimeMs, cursor.index);
    oracle.onEvent(cursor.event(), cursor.index, emit);
  }
  oracle.onEnd(emit);
  return {
    count,
    triggerOf: (slot) => (slot < 0 ? null : windows ? steps.endOfWindow(slot) : slot),
    partitionOf: (eventIndex) => partitionOf[eventIndex]!,
  };
}

/** Values of the expected rows with these ordinals, by a second replay; for examples of what went wrong. */
export function expectedValues<E>(
  query: QueryDefinition<E>,
  data: DataSet<E>,
  ordinals: ReadonlySet<number>,
): ReadonlyMap<number, readonly Value[]> {
  const found = new Map<number, readonly Value[]>();
  if (ordinals.size === 0) return found;
  let count = 0;
  const emit = (row: ExpectedRow) => {
    if (ordinals.has(count)) found.set(count, row.values);
    count++;
  };
  const oracle = query.oracle();
  const cursor = data.open();
  while (found.size < ordinals.size && cursor.advance()) oracle.onEvent(cursor.event(), cursor.index, emit);
  if (found.size < ordinals.size) oracle.onEnd(emit);
  return found;
}

function triggerSlot<E>(query: QueryDefinition<E>, row: ExpectedRow): number {
  switch (query.trigger.kind) {
    case "lastInput":
      return row.lastInput;
    case "none":
      return -1;
    case "endOfWindow":
      if (row.windowEndMs === undefined) {
        throw new FaultlineError("assertion-failed", `oracle of ${query.id} gave a row without windowEndMs`);
      }
      return row.windowEndMs;
  }
}
