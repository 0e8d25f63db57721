import type { TriggerRule } from "../../query.ts";

export const q9Trigger: TriggerRule = { kind: "lastInput" };
export const q9TriggerText =
  "The event that changes the row: the bid that becomes the winner, or the auction when its winner came before it.";
