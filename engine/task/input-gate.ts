import { assert } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { Merge, MergeEvent, RestoringAttempt } from "../merge/merge.ts";
import { MergeWait } from "../merge/merge-wait.ts";
import { lastNumber } from "../replication/trim.ts";
import type { Element } from "./element.ts";
import { elementOfFrame } from "./element-codec.ts";
import { FeedbackInput } from "./feedback-input.ts";
import { FRAME_CREDIT, type Frame, frameCost } from "./frame.ts";
import { InputChannels, type LogicalInput, type PhysicalInput } from "./input-channels.ts";
import { InputCredit } from "./input-credit.ts";
import type { InputGateSettings } from "./input-gate-settings.ts";
import { InputSpill, type InputSpillHost } from "./input-spill.ts";
import type { FrameLink } from "./link.ts";
import { WatermarkTracker } from "./watermark-tracker.ts";

/**
 * Receiving side of a task: physical channel → logical channel (all replicas of one sending instance) → de-duplication → merge.
 * Gives credit back as elements are processed and acknowledges the latest accepted number to every replica.
 */
export class InputGate {
  readonly #settings: InputGateSettings;
  readonly #logicals: readonly LogicalInput[];
  readonly #physicals: readonly PhysicalInput[];
  readonly #channels: InputChannels;
  readonly #credit: InputCredit;
  readonly #merge: Merge;
  /** What does not fit into memory; null: everything must. */
  readonly #spill: InputSpill | null;
  readonly #waits: MergeWait | null;
  readonly #watermarks: WatermarkTracker;
  readonly #ended: Uint8Array;
  /** There where a loop ends in this task. */
  readonly feedback: FeedbackInput | null;

  constructor(settings: InputGateSettings) {
    this.#settings = settings;
    this.#channels = new InputChannels(settings.edges, settings.windowBytes);
    this.#logicals = this.#channels.logicals;
    this.#physicals = this.#channels.physicals;
    this.#merge = settings.merge(this.#logicals.length);
    this.#waits = settings.clock === null ? null : new MergeWait(this.#logicals.length, settings.clock);
    this.#credit = new InputCredit(settings, this.#physicals, (channel) => this.#mayExceed(channel));
    const { files, memoryBytes } = settings.overflow;
    this.#spill = files === null ? null : new InputSpill(files, memoryBytes, this.#logicals.length, this.#spillHost());
    this.#watermarks = new WatermarkTracker(this.#logicals.length);
    this.#ended = new Uint8Array(this.#logicals.length);
    const loops = this.#logicals.filter(({ feedback }) => feedback).map(({ index }) => index);
    this.feedback = loops.length === 0 ? null : new FeedbackInput(loops);
    for (const index of loops) {
      this.#ended[index] = 1;
      this.#watermarks.update(index, Number.POSITIVE_INFINITY);
    }
  }

  /** All feedback channels have ended; true where there is none. */
  get feedbackEnded(): boolean {
    return this.feedback?.ended ?? true;
  }

  get watermarkMs(): number {
    return this.#watermarks.minimum;
  }

  /** All channels that have not ended are idle. */
  get idle(): boolean {
    return this.#watermarks.idle;
  }

  /** Bytes that have waited so that channels show the latest barrier together. */
  get alignmentBytes(): number {
    return this.#merge.alignmentBytes;
  }

  get ended(): boolean {
    return this.#ended.every((ended) => ended === 1);
  }

  get queued(): number {
    return this.#merge.queued;
  }

  /** Bytes that arrived and are not processed, all channels. */
  get queuedBytes(): number {
    return this.#credit.usedBytes;
  }

  /**
   * `duplicates`: elements that came more than once and were dropped, `trimmed`: frames that were known in part, `gaps`: frames that waited for
   * what was missing before them; `exceededBytes`: most that was granted beyond the windows; what of it was in files; how long records wait in
   * the merge; what belongs to that.
   */
  counters(): Record<string, number> {
    return {
      duplicates: this.#logicals.reduce((sum, logical) => sum + logical.channel.duplicates, 0),
      trimmed: this.#logicals.reduce((sum, logical) => sum + logical.channel.trimmed, 0),
      gaps: this.#logicals.reduce((sum, logical) => sum + logical.channel.gaps, 0),
      exceededBytes: this.#credit.mostExceededBytes,
      ...this.#spill?.counters(),
      ...this.#waits?.counters(),
      ...this.#settings.counters(),
    };
  }

  inputOf(channel: number): number {
    return this.#logicals[channel]!.input;
  }

  /**
   * Takes a forward frame; `link` leads back to its sender. Processes nothing. false when the gate has no such channel.
   * `cluster-protocol` when the sender ignores its credit or a gap cannot be filled.
   */
  onFrame(frame: Frame, link: FrameLink): boolean {
    const index = this.#channels.indexOf(frame.edge, frame.sender);
    if (index === undefined || frame.receiver !== this.#settings.subtask || frame.kind === FRAME_CREDIT) return false;
    const physical = this.#physicals[index]!;
    const { logical } = physical;
    physical.link = link;
    const element = elementOfFrame(frame);
    const last = lastNumber(element);
    const isRepeated = last <= logical.channel.latest;
    const cost = frameCost(frame.payload.length);
    this.#credit.spend(physical, cost, isRepeated);
    const isPutBy = this.#spill?.holds(logical.index) === true;
    if (!isRepeated) logical.ledger.charge(last, index, cost, isPutBy ? this.#settings.windowBytes / 8 : 0);
    logical.channel.offer(element, (accepted) => this.#onAccepted(logical, accepted));
    this.#credit.extend(physical);
    this.#credit.tellWhenDue(physical);
    // The end is acknowledged at once, to all: senders finish on it, and nothing follows that would carry the number. It may have
    // waited for this frame, beyond a gap; and whatever a slower replica still sends is answered too.
    if (logical.complete) this.#credit.tellAll(logical);
    return true;
  }

  #onAccepted(logical: LogicalInput, element: Element): void {
    const { index } = logical;
    if (element.kind === "end") logical.complete = true;
    if (logical.feedback) {
      this.feedback!.offer(index, element);
      return;
    }
    if (element.kind === "records") this.#waits?.onOffered(index, lastNumber(element));
    if (this.#spill !== null && this.#isToBePutBy(this.#spill, logical)) {
      this.#spill.push(index, element, logical.processed);
    } else this.#merge.offer(index, element);
  }

  #isToBePutBy(spill: InputSpill, logical: LogicalInput): boolean {
    if (spill.holds(logical.index)) return true;
    return spill.isDue(this.#credit.exceededBytes) && this.#credit.exceeds(logical);
  }

  #spillHost(): InputSpillHost {
    return {
      give: (channel, elements) => {
        for (const element of elements) this.#merge.offer(channel, element);
        this.#settings.onReady();
      },
      onRoom: () => this.#credit.extendAll(),
      fail: this.#settings.fail,
    };
  }

  #mayExceed(channel: number): boolean {
    const spill = this.#spill;
    if (spill === null) return this.#merge.mayExceed(channel);
    return !spill.busy && this.#merge.mayExceed(channel, spill.heartbeatOf(channel));
  }

  next(): MergeEvent | null {
    const event = this.#merge.next();
    if (event?.kind === "element" && event.element.kind === "records") {
      this.#waits?.onGiven(event.channel, lastNumber(event.element));
    }
    // The merge waits, or has moved on to other channels: what it waits for now may need room.
    if (event === null || (event.kind === "element" && event.element.kind === "heartbeat")) {
      this.#credit.extendAll();
    }
    return event;
  }

  /** The sender is gone, or the way to it. false: nobody else is left who could send what is missing on its logical channel. */
  closeSender(edge: number, sender: number): boolean {
    const index = this.#channels.indexOf(edge, sender);
    if (index === undefined) return true;
    const physical = this.#physicals[index]!;
    physical.closed = true;
    const { logical } = physical;
    return logical.complete || logical.physicals.some((other) => !this.#physicals[other]!.closed);
  }

  /** The element has been processed: credit goes back, watermark and end are noted. True when the watermark has advanced. */
  processed(channel: number, element: Element): boolean {
    const logical = this.#logicals[channel]!;
    const last = lastNumber(element);
    assert(last > logical.processed, "processed twice", { channel, last });
    logical.processed = last;
    logical.ledger.settle(last, this.#credit.giveBack);
    this.#spill?.onProcessed(channel, last);
    if (logical.feedback) {
      this.feedback!.processed(channel, element);
      return false;
    }
    switch (element.kind) {
      case "watermark":
        return this.#watermarks.update(channel, element.timeMs);
      case "heartbeat":
        return this.#watermarks.update(channel, element.watermarkMs);
      case "barrier":
        logical.barrier = last;
        logical.barrierId = element.checkpointId;
        return false;
      case "end":
        this.#ended[channel] = 1;
        return this.#watermarks.update(channel, Number.POSITIVE_INFINITY);
      default:
        return false;
    }
  }

  /**
   * Position on every channel: what was processed, watermarks, ends, merge. Queued elements are sent again by their senders. A channel that
   * has shown the checkpoint's barrier stands there, whatever else of it was processed since (at-least-once): its sender goes on from there.
   */
  snapshot(writer: SnapshotWriter, checkpointId: number | null): void {
    const isAhead = ({ barrierId }: LogicalInput) => checkpointId !== null && barrierId === checkpointId;
    for (const logical of this.#logicals) writer.f64(isAhead(logical) ? logical.barrier : logical.processed);
    writer.bytes(this.#ended);
    this.#watermarks.snapshot(writer);
    this.#merge.snapshot(writer);
  }

  /** Nothing is processed any more. */
  close(): void {
    this.#spill?.close();
  }

  /** Before the first frame. */
  restore(reader: SnapshotReader, attempt: RestoringAttempt): void {
    for (const logical of this.#logicals) {
      logical.processed = reader.f64();
      logical.channel.resumeAfter(logical.processed);
    }
    this.#ended.set(reader.bytes());
    this.#watermarks.restore(reader);
    this.#merge.restore(reader, attempt);
  }
}
