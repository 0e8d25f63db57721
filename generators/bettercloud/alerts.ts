import type { ControlEvent, ControlRule } from "./model.ts";

type Alert = Omit<ControlEvent, "customerId" | "createdAt">;

const IS_SHARED: ControlRule = { path: "$.actionType", check: "equals", value: "DocumentSharedEvent" };
const IS_PUBLIC: ControlRule = { path: "$.audience", check: "equals", value: "public" };
/** Hold for every event. */
const ALWAYS: readonly ControlRule[] = [
  { path: "$.type", check: "equals", value: "Spreadsheet" },
  { path: "$.provider", check: "equals", value: "GDrive" },
];

/**
 * The alert of the original, and further ones that differ in their name only. An alert of one rule asks for what is public; rules
 * beyond the second are true of every event.
 */
export function alertNumber(index: number, rulesPerAlert: number): Alert {
  const name = index === 0 ? "PublicDocsShared" : `PublicDocsShared-${index + 1}`;
  const more = Array.from({ length: Math.max(0, rulesPerAlert - 2) }, (_, i) => ALWAYS[i % ALWAYS.length]!);
  return {
    rules: rulesPerAlert === 1 ? [IS_PUBLIC] : [IS_SHARED, IS_PUBLIC, ...more],
    alertId: name,
    alertName: name,
    alertDescription: "Docs that are shared publicly",
    threshold: 1,
    bootstrapCustomerId: null,
  };
}
