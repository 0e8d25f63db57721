import type { TriggerRule } from "../../query.ts";

export const q7Trigger: TriggerRule = { kind: "endOfWindow" };
export const q7TriggerText =
  "The first event after which the minimum partition watermark reaches the end of the row's window minus 1 ms; none when only a closing record takes it there.";
