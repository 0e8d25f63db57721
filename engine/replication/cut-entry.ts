import { FaultlineError } from "../../base/errors.ts";
import { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";

/** Heartbeat `heartbeat` is due, everywhere; with a checkpoint when it is to carry that one's barrier. */
export interface TickEntry {
  readonly kind: "tick";
  /** Attempt of the job; entries of others do not count. */
  readonly attempt: number;
  readonly heartbeat: number;
  readonly checkpointId: number | null;
}

/** A replica of a source proposes what its group emits before heartbeat `heartbeat`. */
export interface CutEntry {
  readonly kind: "cut";
  readonly attempt: number;
  /** Replica group, `groupName`. */
  readonly group: string;
  readonly heartbeat: number;
  /** For each partition of the instance, in order: the offset before which its records belong to this slice or an earlier one. */
  readonly ends: readonly number[];
  /** The source is at its end: nothing follows the heartbeat. */
  readonly last: boolean;
}

type CutLogEntry = TickEntry | CutEntry;

const TICK = 1;
const CUT = 2;
const NO_CHECKPOINT = -1;

/** Name of a replica group in the cut log. */
export function groupName(vertex: string, instance: number): string {
  return `${vertex}/${instance}`;
}

export function encodeCutLogEntry(entry: CutLogEntry): Uint8Array {
  const writer = new SnapshotWriter();
  writer.u8(entry.kind === "tick" ? TICK : CUT);
  writer.u32(entry.attempt);
  writer.f64(entry.heartbeat);
  if (entry.kind === "tick") {
    writer.f64(entry.checkpointId ?? NO_CHECKPOINT);
    return writer.finish();
  }
  writer.text(entry.group);
  writer.u8(entry.last ? 1 : 0);
  writer.u32(entry.ends.length);
  for (const end of entry.ends) writer.f64(end);
  return writer.finish();
}

/** `snapshot-corrupt` or `cluster-protocol` when the bytes are no entry. */
export function decodeCutLogEntry(bytes: Uint8Array): CutLogEntry {
  const reader = new SnapshotReader(bytes);
  const kind = reader.u8();
  const attempt = reader.u32();
  const heartbeat = reader.f64();
  if (kind === TICK) {
    const checkpointId = reader.f64();
    return { kind: "tick", attempt, heartbeat, checkpointId: checkpointId === NO_CHECKPOINT ? null : checkpointId };
  }
  if (kind !== CUT) {
    throw new FaultlineError("cluster-protocol", `the cut log holds an entry of kind ${kind}`, {
      hint: "check that the log belongs to this job alone",
    });
  }
  const group = reader.text();
  const last = reader.u8() === 1;
  const ends: number[] = [];
  for (let left = reader.u32(); left > 0; left--) ends.push(reader.f64());
  return { kind: "cut", attempt, group, heartbeat, ends, last };
}
