import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import type { Oracle } from "../../query.ts";

/** q0, pass through: one row a bid. */
export function q0Oracle(): Oracle<NexmarkEvent> {
  return {
    onEvent(event, index, emit) {
      if (event.type !== "bid") return;
      const { auction, bidder, price, dateTime, extra } = event.bid;
      emit({ values: [auction, bidder, price, dateTime, extra], lastInput: index });
    },
    onEnd() {},
  };
}
