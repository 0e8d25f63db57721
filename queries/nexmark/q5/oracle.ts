import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import type { ExpectedRow, Oracle } from "../../query.ts";

const WINDOW_MS = 10_000;
const SLIDE_MS = 2_000;

interface Window {
  readonly bidsByAuction: Map<number, number>;
  /** Index of the last bid, in event order, that lies in the window. */
  lastBid: number;
}

/**
 * q5, hot items: per window of 10 s every 2 s the auctions with the most bids, all ties.
 * Keeps every window of the data set and answers at the end; knows no watermark, so it is right only for data without late events.
 */
export function q5Oracle(): Oracle<NexmarkEvent> {
  const windows = new Map<number, Window>();
  return {
    onEvent(event, index) {
      if (event.type !== "bid") return;
      const { auction, dateTime } = event.bid;
      const lastStart = Math.floor(dateTime / SLIDE_MS) * SLIDE_MS;
      for (let start = lastStart; start > dateTime - WINDOW_MS; start -= SLIDE_MS) {
        let window = windows.get(start);
        if (window === undefined) {
          window = { bidsByAuction: new Map(), lastBid: index };
          windows.set(start, window);
        }
        window.bidsByAuction.set(auction, (window.bidsByAuction.get(auction) ?? 0) + 1);
        window.lastBid = index;
      }
    },
    onEnd(emit) {
      const starts = [...windows.keys()].sort((a, b) => a - b);
      for (const start of starts) emitHottest(start + WINDOW_MS, windows.get(start)!, emit);
    },
  };
}

function emitHottest(windowEndMs: number, window: Window, emit: (row: ExpectedRow) => void): void {
  const most = [...window.bidsByAuction.values()].reduce((a, b) => Math.max(a, b));
  for (const [auction, count] of window.bidsByAuction) {
    if (count === most) emit({ values: [auction, count, windowEndMs], lastInput: window.lastBid, windowEndMs });
  }
}
