import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";

/**
 * One frame of a physical channel (edge, sending subtask, receiving subtask): an element on its way forward, or nothing but
 * acknowledgement and credit on the way back. On the wire: a header of `FRAME_HEADER_BYTES`, little endian, then the payload.
 * Between tasks of one worker the same object travels by reference.
 */
export interface Frame {
  /** Attempt of the job; unique in the cluster, so it names the job too. */
  readonly attempt: number;
  readonly edge: number;
  readonly sender: number;
  readonly receiver: number;
  readonly kind: FrameKind;
  /** Number of the first element of the payload, 1 …; 0 in a credit frame. */
  readonly first: number;
  /** How many numbers the payload takes; 0 in a credit frame. */
  readonly count: number;
  /** Backward: latest number the receiver accepted on this logical channel. Forward: 0. */
  readonly acknowledged: number;
  /** Backward: bytes granted on this physical channel since it was opened. Forward: 0. */
  readonly grantedBytes: number;
  readonly payload: Uint8Array;
}

export type FrameKind = 0 | 1 | 2 | 3 | 4 | 5;
export const FRAME_CREDIT = 0;
export const FRAME_RECORDS = 1;
export const FRAME_WATERMARK = 2;
export const FRAME_BARRIER = 3;
export const FRAME_HEARTBEAT = 4;
export const FRAME_END = 5;

const FRAME_HEADER_BYTES = 56;
/** Longest payload that is accepted, bytes. */
const MAX_FRAME_PAYLOAD_BYTES = 256 * 1024 * 1024;
export const NO_PAYLOAD = new Uint8Array(0);

const MAGIC = 0x17fa;
const VERSION = 1;
const MAX_U32 = 0xffffffff;

/** The header bytes of `frame`, freshly allocated: they belong to the network once sent. */
export function encodeFrameHeader(frame: Frame): Uint8Array {
  assertFrame(frame);
  const bytes = new Uint8Array(FRAME_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, VERSION);
  view.setUint8(3, frame.kind);
  view.setUint32(4, frame.attempt, true);
  view.setUint32(8, frame.edge, true);
  view.setUint32(12, frame.sender, true);
  view.setUint32(16, frame.receiver, true);
  view.setUint32(20, frame.count, true);
  view.setFloat64(24, frame.first, true);
  view.setFloat64(32, frame.acknowledged, true);
  view.setFloat64(40, frame.grantedBytes, true);
  view.setUint32(48, frame.payload.length, true);
  return bytes;
}

/** Reads one whole message; the payload is a view of it. `cluster-protocol` when it is no frame. */
export function decodeFrame(message: Uint8Array): Frame {
  if (message.length < FRAME_HEADER_BYTES) throw garbage(`${message.length} bytes are no frame header`);
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (view.getUint16(0, true) !== MAGIC) throw garbage(`magic ${view.getUint16(0, true)}`);
  if (view.getUint8(2) !== VERSION) throw garbage(`frame version ${view.getUint8(2)}, not ${VERSION}`);
  const length = view.getUint32(48, true);
  if (length !== message.length - FRAME_HEADER_BYTES) {
    throw garbage(`payload of ${message.length - FRAME_HEADER_BYTES} bytes, not ${length}`);
  }
  const frame: Frame = {
    attempt: view.getUint32(4, true),
    edge: view.getUint32(8, true),
    sender: view.getUint32(12, true),
    receiver: view.getUint32(16, true),
    kind: view.getUint8(3) as FrameKind,
    first: view.getFloat64(24, true),
    count: view.getUint32(20, true),
    acknowledged: view.getFloat64(32, true),
    grantedBytes: view.getFloat64(40, true),
    payload: message.subarray(FRAME_HEADER_BYTES),
  };
  const problem = frameProblem(frame);
  if (problem !== null) throw garbage(problem);
  return frame;
}

/** How many bytes the frame takes that begins at `at`; `cluster-protocol` when there are not so many. */
export function frameBytesAt(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.byteLength - at);
  const length = view.byteLength < FRAME_HEADER_BYTES ? 0 : frameCost(view.getUint32(48, true));
  if (length === 0 || length > view.byteLength) throw garbage(`${view.byteLength} bytes are no whole frame`);
  return length;
}

function assertFrame(frame: Frame): void {
  const problem = frameProblem(frame);
  assert(problem === null, `bad frame: ${problem}`);
}

/** What contradicts the frame contract, or null. Checked by sender and receiver alike. */
function frameProblem(frame: Frame): string | null {
  if (!isU32(frame.attempt) || !isU32(frame.edge) || !isU32(frame.sender) || !isU32(frame.receiver)) return "address";
  if (!isU32(frame.count) || frame.payload.length > MAX_FRAME_PAYLOAD_BYTES) return "size";
  if (!isCount(frame.first) || !isCount(frame.acknowledged) || !isCount(frame.grantedBytes)) return "number";
  switch (frame.kind) {
    case FRAME_CREDIT:
      return frame.first === 0 && frame.count === 0 && frame.payload.length === 0 ? null : "credit with elements";
    case FRAME_RECORDS:
      return frame.first >= 1 && frame.count >= 1 && frame.payload.length > 0
        ? null
        : "records without numbers or bytes";
    case FRAME_WATERMARK:
    case FRAME_BARRIER:
      return frame.first >= 1 && frame.count === 1 && frame.payload.length === 8 ? null : "watermark or barrier shape";
    case FRAME_HEARTBEAT:
      return frame.first >= 1 && frame.count === 1 && frame.payload.length === 24 ? null : "heartbeat shape";
    case FRAME_END:
      return frame.first >= 1 && frame.count === 1 && frame.payload.length === 0 ? null : "end shape";
    default:
      return `kind ${String(frame.kind)}`;
  }
}

function isU32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_U32;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function garbage(what: string): FaultlineError {
  return new FaultlineError("cluster-protocol", `not a frame: ${what}`, {
    hint: "check that all workers run the same version",
  });
}

/** What a frame costs of its channel's window, bytes; the same on both ends. */
export function frameCost(payloadBytes: number): number {
  return payloadBytes + FRAME_HEADER_BYTES;
}
