import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import type { Oracle } from "../../query.ts";

/** q1, currency conversion: one row a bid, price × 0.908 exactly (one division of two exact integers is rounded correctly). */
export function q1Oracle(): Oracle<NexmarkEvent> {
  return {
    onEvent(event, index, emit) {
      if (event.type !== "bid") return;
      const { auction, bidder, price, dateTime, extra } = event.bid;
      emit({ values: [auction, bidder, (price * 908) / 1000, dateTime, extra], lastInput: index });
    },
    onEnd() {},
  };
}
