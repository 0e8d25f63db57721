import type { TriggerRule } from "../../query.ts";

export const pipelineTrigger: TriggerRule = { kind: "lastInput" };
export const pipelineTriggerText = "The event itself.";
