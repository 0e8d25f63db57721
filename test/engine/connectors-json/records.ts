import type { LogCursor, LogRecords } from "../../../engine/ports.ts";

/** Values as a log hands them over: one after another in one buffer, with other bytes (digits) around each. */
export function logRecords(values: readonly (Uint8Array | null)[]): LogRecords {
  const parts = values.map((value) => value ?? new Uint8Array(0));
  const gap = 5;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length + gap, gap)).fill(0x35);
  const spans: { start: number; end: number }[] = [];
  let at = gap;
  parts.forEach((part, i) => {
    bytes.set(part, at);
    spans.push(values[i] === null ? { start: -1, end: -1 } : { start: at, end: at + part.length });
    at += part.length + gap;
  });
  return {
    partition: 0,
    baseOffset: 0,
    recordCount: values.length,
    nextOffset: values.length,
    bytes,
    walk: () => new SpanCursor(spans),
  };
}

class SpanCursor implements LogCursor {
  offset = -1;
  timestampMs = 0;
  valueStart = 0;
  valueEnd = 0;
  readonly #spans: readonly { readonly start: number; readonly end: number }[];

  constructor(spans: readonly { readonly start: number; readonly end: number }[]) {
    this.#spans = spans;
  }

  next(): boolean {
    this.offset += 1;
    const span = this.#spans[this.offset];
    if (span === undefined) return false;
    this.valueStart = span.start;
    this.valueEnd = span.end;
    return true;
  }
}
