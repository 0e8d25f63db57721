import type { TriggerRule } from "../../query.ts";

export const q0Trigger: TriggerRule = { kind: "lastInput" };
export const q0TriggerText = "The bid itself.";
