import type { Clock, Log, LogAddress, Timers } from "../ports.ts";
import type { RecordDecoder } from "./format.ts";

export interface SourceSettings {
  readonly address: LogAddress;
  /** Partitions of the whole log; the instance reads those with partition mod parallelism = instance. */
  readonly partitions: number;
  readonly instance: number;
  readonly parallelism: number;
  readonly watermarkDelayMs: number;
  /** Least time between two watermarks, unless one is the last; µs. */
  readonly watermarkIntervalUs: number;
  /** A partition without records for so long does not hold back the watermark until it has some, µs; 0 or none: every one does. */
  readonly idleTimeoutUs?: number;
  /** A partition whose event time leads the slowest one by more is not read for a while, ms; 0 or none: all always are. */
  readonly watermarkAlignmentMs?: number;
  /** Rest between an answer of the log and the next request, ms; default 0. */
  readonly fetchRestMs?: number;
  /** true: drains from the start. */
  readonly bounded: boolean;
  /** Begins at the end that the log has at the start; false or none: at its beginning, or where a snapshot says. */
  readonly fromEnd?: boolean;
  readonly decoder: RecordDecoder;
}

export interface SourceWorld {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** The partitions of the log that the instance reads. */
export function partitionsOf({ instance, partitions, parallelism }: SourceSettings): readonly number[] {
  const owned: number[] = [];
  for (let partition = instance; partition < partitions; partition += parallelism) owned.push(partition);
  return owned;
}
