import type { ColumnBatch } from "../rows/batch.ts";

/** Which receiving instance a row goes to. `position` is what a snapshot keeps (round robin's next channel; else 0). */
export type Partitioner =
  | { readonly kind: "all" }
  | { readonly kind: "one"; channelOf(batch: ColumnBatch, row: number): number; position: number };

/** Every row to every channel. */
export function broadcastPartitioner(): Partitioner {
  return { kind: "all" };
}

/** The only channel, to the same instance of the next vertex. */
export function forwardPartitioner(): Partitioner {
  return { kind: "one", channelOf: () => 0, position: 0 };
}

/** One row to each channel in turn, from channel 0 on: replicas must choose alike, so the start is not random. */
export function roundRobinPartitioner(channels: number): Partitioner {
  return {
    kind: "one",
    position: 0,
    channelOf() {
      const channel = this.position;
      this.position = channel + 1 === channels ? 0 : channel + 1;
      return channel;
    },
  };
}

/** The instance that owns the row's key group. */
export function hashPartitioner(instanceOf: (batch: ColumnBatch, row: number) => number): Partitioner {
  return { kind: "one", channelOf: instanceOf, position: 0 };
}
