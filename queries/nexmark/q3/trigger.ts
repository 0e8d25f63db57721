import type { TriggerRule } from "../../query.ts";

export const q3Trigger: TriggerRule = { kind: "lastInput" };
export const q3TriggerText = "The later, in event order, of the person and the auction.";
