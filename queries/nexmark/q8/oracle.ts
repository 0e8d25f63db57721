import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import type { ExpectedRow, Oracle } from "../../query.ts";

const WINDOW_MS = 10_000;

interface Window {
  readonly persons: { readonly id: number; readonly name: string; readonly index: number }[];
  /** Index of each seller's first auction, in event order, in the window. */
  readonly firstAuctions: Map<number, number>;
}

/**
 * q8, new users who sell: per tumbling window of 10 s the persons who came in it and sell at least one auction that came in it, each
 * once. Answers at the end; knows no watermark, so it is right only for data without late events.
 */
export function q8Oracle(): Oracle<NexmarkEvent> {
  const windows = new Map<number, Window>();
  const windowOf = (dateTime: number): Window => {
    const start = Math.floor(dateTime / WINDOW_MS) * WINDOW_MS;
    const window = windows.get(start) ?? { persons: [], firstAuctions: new Map() };
    windows.set(start, window);
    return window;
  };
  return {
    onEvent(event, index) {
      if (event.type === "person") {
        const { id, name, dateTime } = event.person;
        windowOf(dateTime).persons.push({ id, name, index });
      }
      if (event.type === "auction") {
        const { firstAuctions } = windowOf(event.auction.dateTime);
        if (!firstAuctions.has(event.auction.seller)) firstAuctions.set(event.auction.seller, index);
      }
    },
    onEnd(emit) {
      const starts = [...windows.keys()].sort((a, b) => a - b);
      for (const start of starts) emitSellers(start, windows.get(start)!, emit);
    },
  };
}

function emitSellers(start: number, { persons, firstAuctions }: Window, emit: (row: ExpectedRow) => void): void {
  for (const { id, name, index } of persons) {
    const auction = firstAuctions.get(id);
    if (auction === undefined) continue;
    emit({ values: [id, name, start], lastInput: Math.max(index, auction), windowEndMs: start + WINDOW_MS });
  }
}
