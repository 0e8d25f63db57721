import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import type { Oracle } from "../../query.ts";

const DIVISOR = 123;

/** q2, selection: bids whose auction is a multiple of 123. */
export function q2Oracle(): Oracle<NexmarkEvent> {
  return {
    onEvent(event, index, emit) {
      if (event.type !== "bid") return;
      const { auction, bidder, price, dateTime } = event.bid;
      if (auction % DIVISOR === 0) emit({ values: [auction, price, bidder, dateTime], lastInput: index });
    },
    onEnd() {},
  };
}
