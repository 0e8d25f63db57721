import { assert, unreachable } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { BarrierMode } from "../cluster/job-spec.ts";
import type { Element } from "../task/element.ts";
import { Fifo } from "./fifo.ts";
import type { Merge, MergeEvent } from "./merge.ts";

interface Entry {
  readonly channel: number;
  readonly element: Element;
}

/**
 * The merge of unreplicated jobs: elements in order of arrival. Barriers after Carbone et al., "Lightweight asynchronous snapshots
 * for distributed dataflows" (arXiv:1506.08603), acyclic case: a channel that has shown the barrier waits until all have
 * (alignment); in `at-least-once` mode none waits and the snapshot is due at the last barrier; only an end waits, because a task
 * that has ended could not take what its senders repeat after a restore. An ended channel counts as having shown every later barrier.
 * A barrier with a larger id aborts the alignment under way; late ones are ignored.
 */
export class ArrivalMerge implements Merge {
  readonly #mode: BarrierMode;
  readonly #entries = new Fifo<Entry>();
  /** Elements of blocked channels, in order of arrival; they go first when the channels are released. */
  #waiting = new Fifo<Entry>();
  #released: Fifo<Entry> | null = null;
  readonly #shown: Uint8Array;
  readonly #ended: Uint8Array;
  #aligning = false;
  /** Id of the latest barrier seen; 0 before the first. */
  #current = 0;
  #alignmentBytes = 0;
  /** The barrier event that follows the element just given. */
  #due: MergeEvent | null = null;

  constructor(channels: number, mode: BarrierMode) {
    assert(channels >= 1, "a merge needs a channel");
    this.#mode = mode;
    this.#shown = new Uint8Array(channels);
    this.#ended = new Uint8Array(channels);
  }

  /** Bytes that have waited for the barriers of other channels, since the first barrier of the latest checkpoint. */
  get alignmentBytes(): number {
    return this.#alignmentBytes;
  }

  get queued(): number {
    return this.#entries.length + this.#waiting.length + (this.#released?.length ?? 0);
  }

  offer(channel: number, element: Element): void {
    assert(channel >= 0 && channel < this.#shown.length, "unknown channel", { channel });
    this.#entries.push({ channel, element });
  }

  next(): MergeEvent | null {
    const due = this.#due;
    if (due !== null) {
      this.#due = null;
      return due;
    }
    for (;;) {
      const entry = this.#take();
      if (entry === undefined) return null;
      if (!this.#waits(entry)) {
        this.#observe(entry.channel, entry.element);
        return { kind: "element", channel: entry.channel, element: entry.element };
      }
      this.#waiting.push(entry);
      if (entry.element.kind === "records") this.#alignmentBytes += entry.element.payload.length;
    }
  }

  /** Waits for no channel but those that are blocked for their barrier: they send it after what they have sent. */
  mayExceed(): boolean {
    return false;
  }

  blockedChannels(): readonly number[] {
    const blocked: number[] = [];
    for (let channel = 0; channel < this.#shown.length; channel++) {
      if (this.#isBlocked(channel)) blocked.push(channel);
    }
    return blocked;
  }

  snapshot(writer: SnapshotWriter): void {
    writer.f64(this.#current);
    writer.bytes(this.#ended);
  }

  restore(reader: SnapshotReader): void {
    assert(this.queued === 0, "restore before the first element");
    this.#current = reader.f64();
    const ended = reader.bytes();
    assert(ended.length === this.#ended.length, "snapshot of another number of channels", { channels: ended.length });
    this.#ended.set(ended);
  }

  #take(): Entry | undefined {
    if (this.#released !== null) {
      const entry = this.#released.shift();
      if (entry !== undefined) return entry;
      this.#released = null;
    }
    return this.#entries.shift();
  }

  #waits({ channel, element }: Entry): boolean {
    if (this.#mode !== "at-least-once") return this.#isBlocked(channel);
    return this.#aligning && this.#shown[channel] === 1 && element.kind === "end";
  }

  #isBlocked(channel: number): boolean {
    return this.#aligning && this.#mode !== "at-least-once" && this.#shown[channel] === 1;
  }

  #observe(channel: number, element: Element): void {
    switch (element.kind) {
      case "records":
      case "watermark":
        return;
      case "end":
        this.#ended[channel] = 1;
        if (this.#aligning) this.#completeWhenAllShown();
        return;
      case "barrier":
        this.#onBarrier(channel, element.checkpointId);
        return;
      case "heartbeat":
        assert(false, "heartbeats belong to replicated jobs");
        return;
      default:
        unreachable(element, "element");
    }
  }

  #onBarrier(channel: number, checkpointId: number): void {
    if (checkpointId < this.#current || (checkpointId === this.#current && !this.#aligning)) return;
    if (checkpointId > this.#current) {
      if (this.#aligning) this.#release();
      this.#current = checkpointId;
      this.#aligning = true;
      this.#alignmentBytes = 0;
    }
    this.#shown[channel] = 1;
    this.#completeWhenAllShown();
  }

  #completeWhenAllShown(): void {
    for (let channel = 0; channel < this.#shown.length; channel++) {
      if (this.#shown[channel] === 0 && this.#ended[channel] === 0) return;
    }
    this.#due = { kind: "barrier", checkpointId: this.#current };
    this.#release();
  }

  #release(): void {
    this.#aligning = false;
    this.#shown.fill(0);
    const rest = this.#released;
    this.#released = this.#waiting;
    this.#waiting = new Fifo<Entry>();
    for (let entry = rest?.shift(); entry !== undefined; entry = rest?.shift()) this.#released.push(entry);
  }
}
