import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import { isLoopMark } from "../operators/loop-marks.ts";
import type { Timer, Timers } from "../ports.ts";
import type { OutputHashes } from "../replication/output-hashes.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { EdgeOutput } from "./edge-output.ts";

export interface OutputGateSettings {
  readonly edges: readonly EdgeOutput[];
  /** Those of them that carry a side output, and not the chain's rows. */
  readonly sideEdges?: ReadonlySet<EdgeOutput>;
  /** Of all channels; null: the task has no replicas to compare them with. */
  readonly hashes?: OutputHashes | null;
  readonly timers: Timers;
  /** Least time between two flushes: the longest that a row waits for others; 0: none waits longer than this turn. */
  readonly bufferTimeoutUs: number;
  /** Runs `flush` for the timer, with the task's error handling around it. */
  readonly guard: (work: () => void) => void;
}

/**
 * Sending side of a task: all outgoing edges, the buffer timeout, watermarks, barriers and ends between the rows.
 *
 * Rows leave at the end of the turn that made them, together with all others of that turn; after a pause always, and else when the buffer
 * timeout since the flush before is over. Watermarks leave with the rows: receivers get the latest, behind the rows before it and those
 * gathered since.
 */
export class OutputGate {
  readonly #settings: OutputGateSettings;
  readonly #edges: readonly EdgeOutput[];
  /** Those that the chain's rows go to. */
  readonly #mainEdges: readonly EdgeOutput[];
  /** Runs while the gate rests. */
  #timer: Timer | null = null;
  /** Something is to be flushed: at the end of the turn, or of the rest. */
  #isDue = false;
  /** Not sealed yet. */
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(settings: OutputGateSettings) {
    this.#settings = settings;
    this.#edges = settings.edges;
    this.#mainEdges = settings.edges.filter((edge) => settings.sideEdges?.has(edge) !== true);
  }

  /** Some channel cannot send what is sealed: the task takes no more input. */
  get blocked(): boolean {
    for (const edge of this.#edges) {
      for (const channel of edge.channels) if (channel.blocked) return true;
    }
    return false;
  }

  /** Everything sealed has been acknowledged. */
  get settled(): boolean {
    return this.#edges.every((edge) => edge.channels.every((channel) => channel.settled));
  }

  get bytesOut(): number {
    return this.#edges.reduce((sum, edge) => sum + edge.bytesOut, 0);
  }

  /** Sealed and not yet sent, all channels. */
  get unsentBytes(): number {
    let bytes = 0;
    for (const edge of this.#edges) for (const channel of edge.channels) bytes += channel.unsentBytes;
    return bytes;
  }

  emit(batch: ColumnBatch): void {
    this.emitTo(this.#mainEdges, batch);
  }

  /** Rows of one kind, to the edges that carry them. */
  emitTo(edges: readonly EdgeOutput[], batch: ColumnBatch): void {
    for (const edge of edges) edge.emit(batch);
    if (edges.length > 0) this.#flushSoon();
  }

  emitWatermark(timeMs: number): void {
    // Idleness takes back what a watermark says: neither may stand for the other. Nor may one mark of a loop for another.
    const standsAlone = !Number.isFinite(timeMs) || isLoopMark(timeMs);
    if (standsAlone) {
      this.flush();
      this.#sealWatermark(timeMs);
    } else {
      this.#watermarkMs = timeMs;
      if (this.#edges.length > 0) this.#flushSoon();
    }
  }

  emitBarrier(checkpointId: number): void {
    this.flush();
    for (const edge of this.#edges) for (const channel of edge.channels) channel.sealBarrier(checkpointId);
  }

  /** Watermark and barrier travel on it in replicated jobs. */
  emitHeartbeat(heartbeat: number, watermarkMs: number, checkpointId: number | null): void {
    this.flush();
    for (const edge of this.#edges) {
      for (const channel of edge.channels) channel.sealHeartbeat(heartbeat, watermarkMs, checkpointId);
    }
    this.#settings.hashes?.onHeartbeat(heartbeat, watermarkMs);
  }

  emitEnd(): void {
    this.flush();
    for (const edge of this.#edges) for (const channel of edge.channels) channel.sealEnd();
    this.#settings.hashes?.onEnd();
  }

  flush(): void {
    this.#isDue = false;
    for (const edge of this.#edges) edge.flush();
    if (this.#watermarkMs === Number.NEGATIVE_INFINITY) return;
    this.#sealWatermark(this.#watermarkMs);
    this.#watermarkMs = Number.NEGATIVE_INFINITY;
  }

  /** Sends what links have become free for. */
  pump(): void {
    for (const edge of this.#edges) for (const channel of edge.channels) channel.pump();
  }

  /** Acknowledgement and credit; false when there is no such channel. `channel` = receiving instance (0 on a forward edge). */
  onCredit(edge: number, receiver: number, acknowledged: number, grantedBytes: number): boolean {
    const output = this.#edges.find((candidate) => candidate.edge === edge);
    if (output === undefined) return false;
    return output.channels.some((channel) => channel.onCredit(receiver, acknowledged, grantedBytes));
  }

  /** Nothing goes to this receiver of edge `edge` any more. false: it was the last one of its channel. */
  dropReceiver(edge: number, subtask: number): boolean {
    const output = this.#edges.find((candidate) => candidate.edge === edge);
    return output?.channels.every((channel) => channel.dropReceiver(subtask) > 0) ?? true;
  }

  /** Counters of all channels, and with `unacknowledged` what is still kept. Flushes first, which changes no state of operators. */
  snapshot(writer: SnapshotWriter, unacknowledged: boolean): void {
    this.flush();
    for (const edge of this.#edges) edge.snapshot(writer, unacknowledged);
  }

  restore(reader: SnapshotReader): void {
    for (const edge of this.#edges) edge.restore(reader);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #sealWatermark(timeMs: number): void {
    for (const edge of this.#edges) for (const channel of edge.channels) channel.sealWatermark(timeMs);
  }

  #flushSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    if (this.#timer === null) this.#settings.timers.soon(() => this.#flushDue());
  }

  #flushDue(): void {
    if (!this.#isDue || this.#closed || this.#timer !== null) return;
    const { timers, bufferTimeoutUs, guard } = this.#settings;
    if (bufferTimeoutUs > 0) {
      this.#timer = timers.after(bufferTimeoutUs, () => {
        this.#timer = null;
        this.#flushDue();
      });
    }
    guard(() => this.flush());
  }
}
