import { assert } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import { Fifo } from "../merge/fifo.ts";
import { type Element, elementCount } from "./element.ts";
import { frameParts } from "./element-codec.ts";
import { type FrameKind, frameCost } from "./frame.ts";
import type { FrameLink } from "./link.ts";

/** A sealed element as it is kept until every receiving replica has acknowledged it. */
interface Sealed {
  readonly kind: FrameKind;
  readonly first: number;
  readonly count: number;
  readonly payload: Uint8Array;
}

interface Receiver {
  readonly subtask: number;
  readonly link: FrameLink;
  /** Sealed elements sent so far, counted from the channel's beginning. */
  sent: number;
  sentBytes: number;
  grantedBytes: number;
  acknowledged: number;
  reported: boolean;
}

export interface OutputChannelAddress {
  readonly attempt: number;
  readonly edge: number;
  readonly sender: number;
}

/** What a channel of a replicated job must know beyond others. */
export interface OutputReplication {
  /** The sender has siblings: receivers may know elements that it has not made yet. */
  readonly hasSiblings: boolean;
  /** A receiver so many bytes behind the fastest is reported, once; whoever hears of it decides whether to drop it. */
  readonly maxLagBytes: number;
  readonly onLagging: (edge: number, subtask: number) => void;
}

/**
 * Sending end of a logical channel: numbers elements from 1, sends them to every replica of the receiving instance within the credit
 * each has granted, and keeps them until all have acknowledged. Of several replicas only the fastest pushes back; one that lags too far
 * behind it is reported.
 */
export class OutputChannel {
  readonly #address: OutputChannelAddress;
  readonly #replication: OutputReplication | null;
  #receivers: Receiver[];
  readonly #kept = new Fifo<Sealed>();
  /** Sealed elements no longer kept. */
  #released = 0;
  #keptBytes = 0;
  #nextNumber = 1;

  /** Each receiver grants `windowBytes` to begin with; both ends know it from the job's options. */
  constructor(
    address: OutputChannelAddress,
    receivers: readonly { readonly subtask: number; readonly link: FrameLink }[],
    windowBytes: number,
    replication: OutputReplication | null = null,
  ) {
    assert(receivers.length >= 1, "a channel needs a receiver");
    this.#address = address;
    this.#replication = replication;
    this.#receivers = receivers.map(({ subtask, link }) => {
      return { subtask, link, sent: 0, sentBytes: 0, grantedBytes: windowBytes, acknowledged: 0, reported: false };
    });
  }

  get nextNumber(): number {
    return this.#nextNumber;
  }

  /** Even the fastest receiver cannot take what is sealed. */
  get blocked(): boolean {
    const sealed = this.#released + this.#kept.length;
    for (const receiver of this.#receivers) if (receiver.sent === sealed) return false;
    return true;
  }

  /** Everything sealed has been acknowledged by all. */
  get settled(): boolean {
    return this.#kept.length === 0;
  }

  /** Sealed and not yet sent to the fastest receiver, bytes. */
  get unsentBytes(): number {
    const sent = this.#receivers.reduce((most, receiver) => Math.max(most, receiver.sent), 0);
    let bytes = 0;
    for (let index = sent - this.#released; index < this.#kept.length; index++) {
      bytes += frameCost(this.#kept.at(index)!.payload.length);
    }
    return bytes;
  }

  /** Elements kept for acknowledgement. */
  get kept(): number {
    return this.#kept.length;
  }

  sealRecords(payload: Uint8Array, count: number): void {
    this.#seal({ kind: "records", first: this.#nextNumber, count, skip: 0, payload });
  }

  sealWatermark(timeMs: number): void {
    this.#seal({ kind: "watermark", first: this.#nextNumber, timeMs });
  }

  sealBarrier(checkpointId: number): void {
    this.#seal({ kind: "barrier", first: this.#nextNumber, checkpointId });
  }

  /** Carries the watermark (IDLE_WATERMARK: idle) and the checkpoint whose barrier it is, if any. */
  sealHeartbeat(heartbeat: number, watermarkMs: number, checkpointId: number | null): void {
    this.#seal({ kind: "heartbeat", first: this.#nextNumber, heartbeat, watermarkMs, checkpointId });
  }

  sealEnd(): void {
    this.#seal({ kind: "end", first: this.#nextNumber });
  }

  /** Acknowledgement and credit from a receiving replica; false when this channel has no such receiver. */
  onCredit(subtask: number, acknowledged: number, grantedBytes: number): boolean {
    const receiver = this.#receivers.find((candidate) => candidate.subtask === subtask);
    if (receiver === undefined) return false;
    if (acknowledged >= this.#nextNumber && this.#replication?.hasSiblings !== true) return false;
    receiver.acknowledged = Math.max(receiver.acknowledged, acknowledged);
    receiver.grantedBytes = Math.max(receiver.grantedBytes, grantedBytes);
    this.#releaseAcknowledged();
    this.pump();
    return true;
  }

  /** Nothing is sent to this receiver any more, nor kept for it. Returns how many are left. */
  dropReceiver(subtask: number): number {
    this.#receivers = this.#receivers.filter((receiver) => receiver.subtask !== subtask);
    if (this.#receivers.length > 0) this.#releaseAcknowledged();
    return this.#receivers.length;
  }

  /** Sends what credit and links allow. */
  pump(): void {
    for (const receiver of this.#receivers) this.#pumpReceiver(receiver);
  }

  /** Next number and, with `unacknowledged`, the elements that are kept. */
  snapshot(writer: SnapshotWriter, unacknowledged: boolean): void {
    writer.f64(this.#nextNumber);
    const count = unacknowledged ? this.#kept.length : 0;
    writer.u32(count);
    for (let index = 0; index < count; index++) {
      const sealed = this.#kept.at(index)!;
      writer.u8(sealed.kind);
      writer.f64(sealed.first);
      writer.u32(sealed.count);
      writer.bytes(sealed.payload);
    }
  }

  /** Before anything is sealed. Kept elements of the snapshot are sent again, with their numbers. */
  restore(reader: SnapshotReader): void {
    assert(this.#nextNumber === 1 && this.#kept.length === 0, "channel already in use");
    this.#nextNumber = reader.f64();
    const count = reader.u32();
    for (let index = 0; index < count; index++) {
      const kind = reader.u8() as FrameKind;
      const first = reader.f64();
      const sealed = { kind, first, count: reader.u32(), payload: reader.bytes().slice() };
      this.#keptBytes += frameCost(sealed.payload.length);
      this.#kept.push(sealed);
    }
    const firstKept = this.#kept.peek()?.first ?? this.#nextNumber;
    for (const receiver of this.#receivers) receiver.acknowledged = firstKept - 1;
  }

  #seal(element: Element): void {
    const { kind, payload } = frameParts(element);
    const count = elementCount(element);
    this.#kept.push({ kind, first: element.first, count, payload });
    this.#keptBytes += frameCost(payload.length);
    this.#nextNumber += count;
    if (this.#replication !== null) this.#releaseAcknowledged();
    this.pump();
    if (this.#replication !== null && this.#keptBytes > this.#replication.maxLagBytes) this.#reportLagging();
  }

  /** Reports receivers for which more is kept than the allowed lag that the fastest does not need any more. */
  #reportLagging(): void {
    const { maxLagBytes, onLagging } = this.#replication!;
    if (this.#receivers.every(({ reported }) => reported)) return;
    const fastest = this.#receivers.reduce((most, { acknowledged }) => Math.max(most, acknowledged), 0);
    let lagBytes = 0;
    let limit = Number.POSITIVE_INFINITY;
    for (let index = this.#kept.length - 1; index >= 0; index--) {
      const sealed = this.#kept.at(index)!;
      const last = sealed.first + sealed.count - 1;
      if (last > fastest) continue;
      lagBytes += frameCost(sealed.payload.length);
      if (lagBytes > maxLagBytes) {
        limit = last;
        break;
      }
    }
    if (limit === Number.POSITIVE_INFINITY) return;
    for (const receiver of this.#receivers) {
      if (receiver.reported || receiver.acknowledged >= limit) continue;
      receiver.reported = true;
      onLagging(this.#address.edge, receiver.subtask);
    }
  }

  #pumpReceiver(receiver: Receiver): void {
    const sealedCount = this.#released + this.#kept.length;
    while (receiver.sent < sealedCount && receiver.link.writable && receiver.sentBytes < receiver.grantedBytes) {
      const sealed = this.#kept.at(receiver.sent - this.#released)!;
      receiver.sent++;
      receiver.sentBytes += frameCost(sealed.payload.length);
      receiver.link.send({
        attempt: this.#address.attempt,
        edge: this.#address.edge,
        sender: this.#address.sender,
        receiver: receiver.subtask,
        kind: sealed.kind,
        first: sealed.first,
        count: sealed.count,
        acknowledged: 0,
        grantedBytes: 0,
        payload: sealed.payload,
      });
    }
  }

  #releaseAcknowledged(): void {
    let lowest = Number.POSITIVE_INFINITY;
    for (const receiver of this.#receivers) lowest = Math.min(lowest, receiver.acknowledged);
    for (let sealed = this.#kept.peek(); sealed !== undefined; sealed = this.#kept.peek()) {
      if (sealed.first + sealed.count - 1 > lowest) return;
      this.#kept.shift();
      this.#keptBytes -= frameCost(sealed.payload.length);
      this.#released++;
      // A replica may know an element from a sibling of the sender before this sender has sent it.
      for (const receiver of this.#receivers) receiver.sent = Math.max(receiver.sent, this.#released);
    }
  }
}
