import type { PendingSnapshot } from "../checkpoint/pending-snapshot.ts";
import { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { AbortFate, SnapshotCost } from "../cluster/checkpoint-facts.ts";
import type { BarrierMode } from "../cluster/job-spec.ts";
import type { Failure, TaskState } from "../cluster/messages.ts";
import type { Sink, SinkHost } from "../connectors/sink.ts";
import type { SourcePart, TickedSourceHost } from "../connectors/source-part.ts";
import type { RestoringAttempt } from "../merge/merge.ts";
import type { Clock, Timer, Timers } from "../ports.ts";
import type { HeartbeatAlarm } from "../replication/heartbeat-alarm.ts";
import type { OutputWindow } from "../replication/output-hashes.ts";
import type { BinaryRowReader } from "../rows/binary.ts";
import type { InputGate } from "./input-gate.ts";
import type { ChainTail, OperatorChain } from "./operator-chain.ts";
import type { OutputGate } from "./output-gate.ts";
import type { Task } from "./task.ts";

/** What a task of a replicated job tells its host. */
export type TaskNotice =
  /** A source has read so much since the last heartbeat that one is due. */
  | { readonly kind: "heartbeatDue" }
  /** This receiver is too far behind the fastest of its replicas. */
  | { readonly kind: "receiverLagging"; readonly vertex: string; readonly subtask: number }
  /** No heartbeat for longer than should be. */
  | { readonly kind: "heartbeatSilence"; readonly silentUs: number }
  /** What its siblings must have sent as well. */
  | { readonly kind: "outputHashes"; readonly windows: readonly OutputWindow[] };

/** What a task gives for a checkpoint. */
export interface TaskSnapshot {
  readonly checkpointId: number;
  readonly state: PendingSnapshot;
  /** Of its sink, which is also in `state`; null: it has none. */
  readonly sink: Uint8Array | null;
  readonly cost: Pick<SnapshotCost, "startDelayUs" | "alignmentUs" | "alignmentBytes" | "syncUs">;
}

/** What sources are told of a checkpoint, and tasks whose input has ended. `last`: nothing of the job follows it. */
export interface CheckpointOrder {
  readonly checkpointId: number;
  /** Trigger, by the coordinator's clock, which is the machine's. */
  readonly atUs: number;
  readonly last: boolean;
}

/** What a task is told of checkpoints. */
export type CheckpointEvent =
  | { readonly kind: "begins"; readonly order: CheckpointOrder }
  /** Second phase of the commit. */
  | { readonly kind: "complete"; readonly checkpointId: number }
  | { readonly kind: "aborted"; readonly checkpointId: number; readonly fate: AbortFate };

/** Who hosts tasks: the worker, or a test. */
export interface TaskHost {
  onState(task: Task, state: TaskState, failure: Failure | null): void;
  onNotice(task: Task, notice: TaskNotice): void;
  /** A checkpoint's snapshot of the task, to be stored; null: nobody wants it, barriers only pass through. */
  readonly onSnapshot: ((task: Task, snapshot: TaskSnapshot) => void) | null;
}

export interface TaskSettings {
  readonly vertex: string;
  readonly subtask: number;
  /** Id of the operator at the end of the chain, for error messages. */
  readonly lastOperator: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly host: TaskHost;
  /** Takes part in checkpoints, and has finished only with one that covers its end; null: does not. */
  readonly barriers: BarrierMode | null;
}

/** Callbacks for a task's parts into the task that is being built of them. */
export interface TaskHooks {
  readonly tail: ChainTail;
  readonly source: TickedSourceHost;
  readonly sink: SinkHost;
  readonly guard: (work: () => void) => void;
  /** The merge may have something to give, though nothing has arrived. */
  readonly ordered: () => void;
  readonly fail: (error: unknown) => void;
  readonly notice: (notice: TaskNotice) => void;
}

export interface TaskParts {
  readonly chain: OperatorChain;
  /** Timers and requests of operators that are under way. */
  readonly open: ReadonlySet<Timer>;
  readonly output: OutputGate;
  readonly sink: Sink | null;
  /** Exactly one of `source` and `gate` is there. `readers[channel]` reads the rows of the gate's logical channel. */
  readonly source: SourcePart | null;
  readonly gate: InputGate | null;
  readonly readers: readonly BinaryRowReader[];
  /** A loop begins in this task and may have so many bytes wait for their channels. */
  readonly loopBytes?: number;
  /** Tasks of replicated jobs: watermarks and barriers travel on heartbeats only. */
  readonly heartbeats: { readonly alarm: HeartbeatAlarm | null } | null;
}

/** What a task knows of time beside its parts. */
export interface TaskTime {
  /** Of the input. */
  readonly watermarkMs: number;
  /** What has passed the chain. */
  readonly passedMs: number;
  /** Receivers need not wait for the task. */
  readonly idle: boolean;
  readonly inputEnded: boolean;
  /** Receivers have been told. */
  readonly outputEnded: boolean;
}

/**
 * State of all parts and the task's time; with `unacknowledged` also the output that receivers may lack. A sink's state is not in it: it is
 * known only when what the sink has written is durable, and comes last.
 */
export function snapshotParts(
  parts: TaskParts,
  time: TaskTime,
  checkpointId: number | null,
  unacknowledged: boolean,
): SnapshotWriter {
  const writer = new SnapshotWriter();
  writer.f64(time.watermarkMs);
  writer.f64(time.passedMs);
  writer.u8(time.idle ? 1 : 0);
  writer.u8(time.inputEnded ? 1 : 0);
  writer.u8(time.outputEnded ? 1 : 0);
  parts.chain.snapshot(writer);
  parts.gate?.snapshot(writer, checkpointId);
  parts.source?.snapshot(writer);
  parts.output.snapshot(writer, unacknowledged);
  return writer;
}

/** Loads what `snapshotParts` wrote, and the sink's state behind it, into fresh parts; returns the time. */
export function restoreParts(parts: TaskParts, snapshot: Uint8Array, attempt: RestoringAttempt): TaskTime {
  const reader = new SnapshotReader(snapshot);
  const time = {
    watermarkMs: reader.f64(),
    passedMs: reader.f64(),
    idle: reader.u8() === 1,
    inputEnded: reader.u8() === 1,
    outputEnded: reader.u8() === 1,
  };
  parts.chain.restore([reader]);
  parts.gate?.restore(reader, attempt);
  parts.source?.restore([reader]);
  parts.output.restore(reader);
  parts.sink?.restore(reader.bytes());
  return time;
}
