import type { TriggerRule } from "../../query.ts";

export const q2Trigger: TriggerRule = { kind: "lastInput" };
export const q2TriggerText = "The bid itself.";
