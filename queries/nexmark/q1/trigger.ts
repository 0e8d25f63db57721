import type { TriggerRule } from "../../query.ts";

export const q1Trigger: TriggerRule = { kind: "lastInput" };
export const q1TriggerText = "The bid itself.";
