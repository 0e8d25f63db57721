import type { TriggerRule } from "../query.ts";

export const betterCloudTrigger: TriggerRule = { kind: "lastInput" };
export const betterCloudTriggerText =
  "The customer event; or the alert's first control, where that was due later (only without preloaded controls).";
