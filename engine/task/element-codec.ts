import { unreachable } from "../../base/assert.ts";
import type { Element } from "./element.ts";
import {
  FRAME_BARRIER,
  FRAME_END,
  FRAME_HEARTBEAT,
  FRAME_RECORDS,
  FRAME_WATERMARK,
  type Frame,
  type FrameKind,
  NO_PAYLOAD,
} from "./frame.ts";

/** Stands for "no checkpoint" in a heartbeat's bytes. */
const NO_CHECKPOINT = -1;

/** The element that a forward frame carries; the payload of records is shared, not copied. */
export function elementOfFrame(frame: Frame): Element {
  const { first, payload } = frame;
  switch (frame.kind) {
    case FRAME_RECORDS:
      return { kind: "records", first, count: frame.count, skip: 0, payload };
    case FRAME_WATERMARK:
      return { kind: "watermark", first, timeMs: numberAt(payload, 0) };
    case FRAME_BARRIER:
      return { kind: "barrier", first, checkpointId: numberAt(payload, 0) };
    case FRAME_HEARTBEAT: {
      const checkpoint = numberAt(payload, 2);
      return {
        kind: "heartbeat",
        first,
        heartbeat: numberAt(payload, 0),
        watermarkMs: numberAt(payload, 1),
        checkpointId: checkpoint === NO_CHECKPOINT ? null : checkpoint,
      };
    }
    case FRAME_END:
      return { kind: "end", first };
    default:
      return unreachable(frame.kind as never, "frame kind");
  }
}

/** Frame kind and payload of an element (of records: the payload itself). */
export function frameParts(element: Element): { readonly kind: FrameKind; readonly payload: Uint8Array } {
  switch (element.kind) {
    case "records":
      return { kind: FRAME_RECORDS, payload: element.payload };
    case "watermark":
      return { kind: FRAME_WATERMARK, payload: numbers(element.timeMs) };
    case "barrier":
      return { kind: FRAME_BARRIER, payload: numbers(element.checkpointId) };
    case "heartbeat":
      return {
        kind: FRAME_HEARTBEAT,
        payload: numbers(element.heartbeat, element.watermarkMs, element.checkpointId ?? NO_CHECKPOINT),
      };
    case "end":
      return { kind: FRAME_END, payload: NO_PAYLOAD };
    default:
      return unreachable(element, "element");
  }
}

function numbers(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setFloat64(index * 8, value, true);
  });
  return bytes;
}

function numberAt(payload: Uint8Array, index: number): number {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getFloat64(index * 8, true);
}
