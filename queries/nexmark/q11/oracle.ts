import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import type { Oracle } from "../../query.ts";

const GAP_MS = 10_000;

interface Session {
  readonly bidder: number;
  readonly count: number;
  /** dateTime of the first and the last bid. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Index of its last bid in event order. */
  readonly lastInput: number;
}

/**
 * q11, user sessions: bids of a bidder at most 10 s apart belong together, also through others between them. Answers at the end;
 * knows no watermark, so it is right only for data without late events.
 */
export function q11Oracle(): Oracle<NexmarkEvent> {
  const sessionsByBidder = new Map<number, Session[]>();
  return {
    onEvent(event, index) {
      if (event.type !== "bid") return;
      const { bidder, dateTime } = event.bid;
      const sessions = sessionsByBidder.get(bidder) ?? [];
      const near = sessions.filter((one) => dateTime >= one.firstMs - GAP_MS && dateTime <= one.lastMs + GAP_MS);
      const merged: Session = {
        bidder,
        count: near.reduce((sum, one) => sum + one.count, 1),
        firstMs: Math.min(dateTime, ...near.map((one) => one.firstMs)),
        lastMs: Math.max(dateTime, ...near.map((one) => one.lastMs)),
        lastInput: index,
      };
      sessionsByBidder.set(bidder, [...sessions.filter((one) => !near.includes(one)), merged]);
    },
    onEnd(emit) {
      const sessions = [...sessionsByBidder.values()].flat().sort((a, b) => a.lastMs - b.lastMs);
      for (const { bidder, count, firstMs, lastMs, lastInput } of sessions) {
        const endMs = lastMs + GAP_MS;
        emit({ values: [bidder, count, firstMs, endMs], lastInput, windowEndMs: endMs });
      }
    },
  };
}
