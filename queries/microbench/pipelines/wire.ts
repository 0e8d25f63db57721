import type { WireFormat } from "../../../engine/dataflow/api.ts";

/** Kafka values of the microbenchmarks. */
export const EVENT_WIRE: WireFormat = {
  discriminator: null,
  members: [],
  variants: [
    {
      name: "event",
      tag: 0,
      member: null,
      eventTime: "createdAt",
      fields: [
        { name: "source", type: "i64" },
        { name: "sequence", type: "i64" },
        { name: "key", type: "i64" },
        { name: "createdAt", type: "timestamp" },
        { name: "payload", type: "string" },
      ],
    },
  ],
};

/** Columns of an event's row, in order. */
export const EVENT_FIELDS = ["source", "sequence", "key", "createdAt", "payload"] as const;
