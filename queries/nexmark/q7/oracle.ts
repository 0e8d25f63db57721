import type { BidEvent, NexmarkEvent } from "../../../generators/nexmark/model.ts";
import type { ExpectedRow, Oracle } from "../../query.ts";

const WINDOW_MS = 10_000;

interface Window {
  /** The bids with the highest price so far, in event order. */
  highest: BidEvent[];
  /** Index of the last bid, in event order, that lies in the window. */
  lastBid: number;
}

/**
 * q7, highest bid: per tumbling window of 10 s all bids with the window's highest price. Answers at the end; knows no watermark, so
 * it is right only for data without late events.
 */
export function q7Oracle(): Oracle<NexmarkEvent> {
  const windows = new Map<number, Window>();
  return {
    onEvent(event, index) {
      if (event.type !== "bid") return;
      const start = Math.floor(event.bid.dateTime / WINDOW_MS) * WINDOW_MS;
      const highest = windows.get(start)?.highest ?? [];
      const price = highest[0]?.price ?? event.bid.price;
      if (event.bid.price > price) windows.set(start, { highest: [event.bid], lastBid: index });
      else if (event.bid.price === price) windows.set(start, { highest: [...highest, event.bid], lastBid: index });
      else windows.set(start, { highest, lastBid: index });
    },
    onEnd(emit) {
      const starts = [...windows.keys()].sort((a, b) => a - b);
      for (const start of starts) emitHighest(start + WINDOW_MS, windows.get(start)!, emit);
    },
  };
}

function emitHighest(windowEndMs: number, window: Window, emit: (row: ExpectedRow) => void): void {
  for (const { auction, bidder, price, dateTime, extra } of window.highest) {
    const values = [auction, bidder, price, dateTime, extra, windowEndMs];
    emit({ values, lastInput: window.lastBid, windowEndMs });
  }
}
