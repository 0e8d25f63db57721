import { elementOfFrame } from "../task/element-codec.ts";
import { decodeFrame, FRAME_CREDIT, FRAME_RECORDS, FRAME_WATERMARK, type Frame, frameCost } from "../task/frame.ts";
import type { Situations } from "./situations.ts";

/** First byte of a control message (JSON); frames begin with another. */
const OPENING_BRACE = 0x7b;

/** false: a control message. */
export function isFrame(message: Uint8Array): boolean {
  return message[0] !== OPENING_BRACE;
}

/** The frame, or null: a control message, or garbage, which the receiver refuses. */
function frameOf(message: Uint8Array): Frame | null {
  if (!isFrame(message)) return null;
  try {
    return decodeFrame(message);
  } catch {
    return null;
  }
}

/** One way from a sender to a receiver of an attempt. */
interface Channel {
  sentBytes: number;
  grantedBytes: number;
  watermarkMs: number;
}

/** Reads the frames between workers, to notice when credit is exhausted and when watermarks wait for each other. Changes nothing. */
export class FrameWatch {
  readonly #situations: Situations;
  /** What a channel's receiver grants to begin with; a channel is not watched for credit before the first grant when unknown. */
  windowBytes = Number.POSITIVE_INFINITY;
  /** By attempt, edge and receiver, then by sender. */
  readonly #receivers = new Map<string, Map<number, Channel>>();

  constructor(situations: Situations) {
    this.#situations = situations;
  }

  onSent(message: Uint8Array): void {
    const frame = frameOf(message);
    if (frame === null || frame.kind === FRAME_CREDIT) return;
    const channel = this.#channel(frame);
    channel.sentBytes += frameCost(frame.payload.length);
    if (channel.sentBytes >= channel.grantedBytes) this.#situations.meet("creditExhausted");
  }

  onDelivered(message: Uint8Array): void {
    const frame = frameOf(message);
    if (frame === null) return;
    if (frame.kind === FRAME_CREDIT) {
      this.#channel(frame).grantedBytes = frame.grantedBytes;
    } else if (frame.kind === FRAME_WATERMARK) {
      const element = elementOfFrame(frame);
      if (element.kind === "watermark") this.#onWatermark(frame, element.timeMs);
    }
  }

  /** A message in words, and whether it is one that is sent all the time. */
  describe(message: Uint8Array): { readonly text: string; readonly isRoutine: boolean } {
    const frame = frameOf(message);
    if (frame !== null) return { text: frameText(frame), isRoutine: false };
    const text = new TextDecoder().decode(message);
    return { text, isRoutine: text.startsWith('{"type":"alive"') };
  }

  #onWatermark(frame: Frame, timeMs: number): void {
    const channel = this.#channel(frame);
    channel.watermarkMs = timeMs;
    for (const other of this.#senders(frame).values()) {
      if (other.watermarkMs < timeMs) {
        this.#situations.meet("watermarkHold");
        return;
      }
    }
  }

  #channel(frame: Frame): Channel {
    const senders = this.#senders(frame);
    let channel = senders.get(frame.sender);
    if (channel === undefined) {
      channel = { sentBytes: 0, grantedBytes: this.windowBytes, watermarkMs: Number.NEGATIVE_INFINITY };
      senders.set(frame.sender, channel);
    }
    return channel;
  }

  #senders({ attempt, edge, receiver }: Frame): Map<number, Channel> {
    const name = `${attempt} ${edge} ${receiver}`;
    let senders = this.#receivers.get(name);
    if (senders === undefined) {
      senders = new Map();
      this.#receivers.set(name, senders);
    }
    return senders;
  }
}

function frameText(frame: Frame): string {
  const { edge, sender, receiver, first, count } = frame;
  const way = `edge ${edge} ${sender} → ${receiver}`;
  if (frame.kind === FRAME_CREDIT)
    return `${way} acknowledges ${frame.acknowledged}, grants ${frame.grantedBytes} bytes`;
  if (frame.kind === FRAME_RECORDS) return `${way} records ${first} … ${first + count - 1}`;
  const { kind, first: number, ...facts } = elementOfFrame(frame);
  return `${way} ${kind} ${number} ${Object.values(facts).join(" ")}`.trimEnd();
}
