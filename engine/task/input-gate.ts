import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { Merge, MergeEvent } from "../merge/merge.ts";
import { lastNumber } from "../replication/trim.ts";
import type { Element } from "./element.ts";
import { elementOfFrame } from "./element-codec.ts";
import { FRAME_CREDIT, type Frame, frameCost, NO_PAYLOAD } from "./frame.ts";
import { InputChannels, type InputEdge, type LogicalInput, type PhysicalInput } from "./input-channels.ts";
import type { FrameLink } from "./link.ts";
import { WatermarkTracker } from "./watermark-tracker.ts";

export interface InputGateSettings {
  readonly attempt: number;
  readonly subtask: number;
  readonly edges: readonly InputEdge[];
  readonly windowBytes: number;
  readonly merge: (channels: number) => Merge;
}

/**
 * Receiving side of a task: physical channel → logical channel (all replicas of one sending instance) → de-duplication → merge.
 * Gives credit back as elements are processed and acknowledges the latest accepted number to every replica.
 */
export class InputGate {
  readonly #settings: InputGateSettings;
  readonly #logicals: readonly LogicalInput[];
  readonly #physicals: readonly PhysicalInput[];
  readonly #channels: InputChannels;
  readonly #merge: Merge;
  readonly #watermarks: WatermarkTracker;
  readonly #ended: Uint8Array;

  constructor(settings: InputGateSettings) {
    this.#settings = settings;
    this.#channels = new InputChannels(settings.edges, settings.windowBytes);
    this.#logicals = this.#channels.logicals;
    this.#physicals = this.#channels.physicals;
    this.#merge = settings.merge(this.#logicals.length);
    this.#watermarks = new WatermarkTracker(this.#logicals.length);
    this.#ended = new Uint8Array(this.#logicals.length);
  }

  get watermarkMs(): number {
    return this.#watermarks.minimum;
  }

  /** All channels that have not ended are idle. */
  get idle(): boolean {
    return this.#watermarks.idle;
  }

  get ended(): boolean {
    return this.#ended.every((ended) => ended === 1);
  }

  get queued(): number {
    return this.#merge.queued;
  }

  /** Bytes that arrived and are not processed, all channels. */
  get queuedBytes(): number {
    let bytes = 0;
    for (const physical of this.#physicals) {
      bytes += physical.receivedBytes + this.#settings.windowBytes - physical.grantedBytes;
    }
    return bytes;
  }

  /** `duplicates`: elements that came more than once and were dropped. */
  counters(): Record<string, number> {
    return { duplicates: this.#logicals.reduce((sum, logical) => sum + logical.channel.duplicates, 0) };
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
    if (physical.receivedBytes >= physical.grantedBytes) throw this.#creditExceeded(frame);
    const cost = frameCost(frame.payload.length);
    physical.receivedBytes += cost;
    const element = elementOfFrame(frame);
    const last = lastNumber(element);
    if (last <= logical.channel.latest) {
      physical.grantedBytes += cost;
    } else {
      logical.ledger.charge(last, index, cost);
    }
    let ended = false;
    logical.channel.offer(element, (accepted) => {
      this.#merge.offer(logical.index, accepted);
      if (accepted.kind === "end") ended = true;
    });
    this.#tellWhenDue(physical);
    // The end is acknowledged at once, to all: senders finish on it, and nothing follows that would carry the number. It may have
    // waited for this frame, beyond a gap; and a slower replica's copy of it is answered too.
    if (ended || element.kind === "end") this.#tellAll(logical);
    return true;
  }

  next(): MergeEvent | null {
    return this.#merge.next();
  }

  /** The element has been processed: credit goes back, watermark and end are noted. True when the watermark has advanced. */
  processed(channel: number, element: Element): boolean {
    const logical = this.#logicals[channel]!;
    const last = lastNumber(element);
    assert(last > logical.processed, "processed twice", { channel, last });
    logical.processed = last;
    logical.ledger.settle(last, this.#giveBack);
    switch (element.kind) {
      case "watermark":
        return this.#watermarks.update(channel, element.timeMs);
      case "heartbeat":
        return this.#watermarks.update(channel, element.watermarkMs);
      case "end":
        this.#ended[channel] = 1;
        return this.#watermarks.update(channel, Number.POSITIVE_INFINITY);
      default:
        return false;
    }
  }

  /** Position on every channel: what was processed, watermarks, ends, merge. Queued elements are sent again by their senders. */
  snapshot(writer: SnapshotWriter): void {
    for (const logical of this.#logicals) writer.f64(logical.processed);
    writer.bytes(this.#ended);
    this.#watermarks.snapshot(writer);
    this.#merge.snapshot(writer);
  }

  /** Before the first frame. */
  restore(reader: SnapshotReader): void {
    for (const logical of this.#logicals) {
      logical.processed = reader.f64();
      logical.channel.resumeAfter(logical.processed);
    }
    this.#ended.set(reader.bytes());
    this.#watermarks.restore(reader);
    this.#merge.restore(reader);
  }

  readonly #giveBack = (index: number, bytes: number): void => {
    const physical = this.#physicals[index]!;
    physical.grantedBytes += bytes;
    this.#tellWhenDue(physical);
  };

  /** A quarter of the window is worth a message: less often costs throughput, more often costs messages. */
  #tellWhenDue(physical: PhysicalInput): void {
    if (physical.grantedBytes - physical.toldBytes >= this.#settings.windowBytes / 4) this.#tell(physical);
  }

  #tellAll(logical: LogicalInput): void {
    for (const index of logical.physicals) this.#tell(this.#physicals[index]!);
  }

  #tell(physical: PhysicalInput): void {
    if (physical.link === null) return;
    const { latest } = physical.logical.channel;
    if (physical.toldBytes === physical.grantedBytes && physical.toldNumber === latest) return;
    physical.toldBytes = physical.grantedBytes;
    physical.toldNumber = latest;
    physical.link.send({
      attempt: this.#settings.attempt,
      edge: physical.logical.edge,
      sender: physical.sender,
      receiver: this.#settings.subtask,
      kind: FRAME_CREDIT,
      first: 0,
      count: 0,
      acknowledged: latest,
      grantedBytes: physical.grantedBytes,
      payload: NO_PAYLOAD,
    });
  }

  #creditExceeded(frame: Frame): FaultlineError {
    return new FaultlineError(
      "cluster-protocol",
      `subtask ${frame.sender} sends beyond its credit on edge ${frame.edge}`,
      {
        context: { edge: frame.edge, sender: frame.sender, receiver: frame.receiver },
      },
    );
  }
}
