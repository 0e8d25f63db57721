import type { WireFormat } from "../../engine/dataflow/api.ts";

/** Kafka values of the customer events. */
export const CUSTOMER_EVENT_WIRE: WireFormat = {
  discriminator: null,
  members: [],
  variants: [
    {
      name: "event",
      tag: 0,
      member: null,
      eventTime: "ingestedAt",
      fields: [
        { name: "customerId", type: "string" },
        { name: "payload", type: "string" },
        { name: "ingestedAt", type: "timestamp" },
        { name: "receivedAt", type: "decimal3" },
        { name: "sequence", type: "i64", optional: true },
      ],
    },
  ],
};

/** Columns of the rows of customer events, in order. */
export const EVENT_FIELDS = ["customerId", "payload", "ingestedAt", "receivedAt", "sequence"] as const;

/** Is this a control event? What it lacks would only be missed when its alert fires. */
export function isControl(document: Readonly<Record<string, unknown>>): boolean {
  const { rules, alertName, alertDescription, threshold } = document;
  return (
    Array.isArray(rules) &&
    rules.every(isRule) &&
    typeof alertName === "string" &&
    typeof alertDescription === "string" &&
    Number.isSafeInteger(threshold)
  );
}

function isRule(rule: unknown): boolean {
  if (typeof rule !== "object" || rule === null) return false;
  const { path, check, value } = rule as Readonly<Record<string, unknown>>;
  return typeof path === "string" && typeof check === "string" && typeof value === "string";
}
