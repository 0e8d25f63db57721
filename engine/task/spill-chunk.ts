import { present } from "../../base/assert.ts";
import { lastNumber, trimBefore } from "../replication/trim.ts";
import type { Element } from "./element.ts";
import { elementOfFrame, frameParts } from "./element-codec.ts";
import { decodeFrame, encodeFrameHeader, frameBytesAt, frameCost } from "./frame.ts";

/** Frames in a file are for the task that wrote them. */
const OWN = { attempt: 0, edge: 0, sender: 0, receiver: 0, acknowledged: 0, grantedBytes: 0 };

/** What the element takes of a file, bytes: as much as its frame cost its channel. */
export function spilledBytes(element: Element): number {
  return frameCost(frameParts(element).payload.length);
}

/** Elements of one channel as frames, one behind the other. */
export function encodeChunk(elements: readonly Element[]): Uint8Array {
  const bytes = new Uint8Array(elements.reduce((sum, element) => sum + spilledBytes(element), 0));
  let at = 0;
  for (const element of elements) {
    const { kind, payload } = frameParts(element);
    const { first } = element;
    // The rows that an element skips are part of its payload, and so of its frame.
    const [skip, count] = element.kind === "records" ? [element.skip, element.count] : [0, 1];
    const header = encodeFrameHeader({ ...OWN, kind, first: first - skip, count: count + skip, payload });
    bytes.set(header, at);
    bytes.set(payload, at + header.length);
    at += header.length + payload.length;
  }
  return bytes;
}

/** What `encodeChunk` was given, its first element being number `first`; payloads are views of `bytes`. `cluster-protocol` when it is something else. */
export function decodeChunk(bytes: Uint8Array, first: number): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + frameBytesAt(bytes, at);
    const before = elements.length === 0 ? first : lastNumber(present(elements.at(-1), "element before")) + 1;
    elements.push(trimBefore(elementOfFrame(decodeFrame(bytes.subarray(at, end))), before));
    at = end;
  }
  return elements;
}
