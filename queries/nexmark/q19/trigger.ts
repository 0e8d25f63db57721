import type { TriggerRule } from "../../query.ts";

export const q19Trigger: TriggerRule = { kind: "lastInput" };
export const q19TriggerText = "The bid that enters the top 10; all ranks that it changes are charged to it.";
