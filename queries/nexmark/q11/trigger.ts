import type { TriggerRule } from "../../query.ts";

export const q11Trigger: TriggerRule = { kind: "endOfWindow" };
export const q11TriggerText =
  "The first event after which the minimum partition watermark reaches the row's endtime minus 1 ms; none when only a closing record takes it there.";
