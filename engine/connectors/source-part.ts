import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../rows/batch.ts";

/** What a source does to its task. */
export interface SourceHost {
  emit(batch: ColumnBatch): void;
  advanceWatermark(timeMs: number): void;
  /** All partitions are idle: nobody must wait for this source's watermark; or no longer so, said before the records that end it. */
  setIdle(idle: boolean): void;
  /** The source is at its end; nothing follows. */
  end(): void;
  fail(error: Error): void;
  /** Runs `work` with the task's error handling and counters around it; nothing once the task has ended. */
  step(work: () => void): void;
  /** The task has taken part in the job's last checkpoint: what is read now would be in none. Until `resume`, if that comes. */
  isOver(): boolean;
}

/** A source as its task sees it: `Source`, or one of the two of replicated jobs. */
export interface SourcePart {
  /** Has the host been told that all partitions are idle? */
  readonly idle: boolean;
  readonly recordsIn: number;
  counters(): Record<string, number>;
  start(): void;
  /** Ends once the records that are in the log now have been read. */
  drain(): void;
  pause(): void;
  resume(): void;
  close(): void;
  snapshot(writer: SnapshotWriter): void;
  /** Before `start`. */
  restore(snapshots: readonly SnapshotReader[]): void;
}

/** What a source of a replicated job does to its task beyond others. */
export interface TickedSourceHost extends SourceHost {
  /** The heartbeat leaves now, with the latest watermark. */
  heartbeat(heartbeat: number, checkpointId: number | null): void;
  /** So much was read since the last heartbeat that one is due. */
  heartbeatDue(): void;
}
