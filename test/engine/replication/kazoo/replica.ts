import type { KaZoo } from "../../../../engine/merge/kazoo.ts";
import { LogicalChannel } from "../../../../engine/replication/logical-channel.ts";
import { decodeOrderEntry, encodeOrderEntry } from "../../../../engine/replication/order-entry.ts";
import { OrderGroup, type OrderGroupParts } from "../../../../engine/replication/order-group.ts";
import { type Element, elementCount } from "../../../../engine/task/element.ts";

/** Parts of a replica that a canary replaces. */
export interface Planted {
  readonly parts?: () => Partial<OrderGroupParts> & { readonly onDelivered?: (channel: number, count: number) => void };
  readonly channel?: () => Pick<LogicalChannel, "offer" | "latest">;
  /** It reads its own claim when it appends it. */
  readonly readsOwnClaimAtOnce?: boolean;
  /** The coordinator forgets that a replica has failed. */
  readonly forgetsFailures?: boolean;
}

/** One receiving replica of a group in the adversary's hands: real de-duplication, merge and group; what it appends waits in `outbox`. */
export class TestReplica {
  readonly index: number;
  readonly group: OrderGroup;
  readonly merge: KaZoo;
  readonly channels: readonly Pick<LogicalChannel, "offer" | "latest">[];
  readonly delivered: string[] = [];
  readonly snapshots: { readonly checkpointId: number; readonly processed: readonly number[] }[] = [];
  readonly outbox: Uint8Array[] = [];
  /** Told and not heard yet: election, losses. */
  readonly news: (() => void)[] = [];
  alive = true;
  resigns = false;
  readonly #processed: number[];
  readonly #onDelivered: ((channel: number, count: number) => void) | undefined;
  readonly #planted: Planted;

  constructor(index: number, replicas: number, channels: number, planted: Planted) {
    this.index = index;
    this.#planted = planted;
    const parts = planted.parts?.() ?? {};
    this.#onDelivered = parts.onDelivered;
    const host = {
      onAppendable: () => {},
      onOrdered: () => {},
      resign: () => {
        this.resigns = true;
      },
      truncate: () => {},
    };
    const settings = { attempt: 7, log: "orders/0", replica: index, replicas, retain: 1 };
    this.group = new OrderGroup(settings, host, parts);
    this.merge = this.group.merge(channels);
    this.channels = Array.from({ length: channels }, () => planted.channel?.() ?? new LogicalChannel(1_000));
    this.#processed = this.channels.map(() => 0);
  }

  onFrame(channel: number, element: Element): void {
    this.channels[channel]!.offer(element, (accepted) => this.merge.offer(channel, accepted));
  }

  /** Takes what it wants to append, at most one entry. */
  append(): void {
    const entry = this.group.take();
    if (entry === null) return;
    this.outbox.push(encodeOrderEntry(entry));
    if (entry.kind === "claim" && this.#planted.readsOwnClaimAtOnce) {
      const offset = this.group.nextOffset;
      this.group.onEntry(offset - 1, entry);
    }
  }

  read(log: readonly Uint8Array[], most: number): void {
    for (let left = most; left > 0 && this.group.nextOffset < log.length; left--) {
      const offset = this.group.nextOffset;
      const bytes = log[offset]!;
      this.group.onEntry(offset, decodeOrderEntry(bytes, 0, bytes.length));
    }
  }

  /** Delivers at most `most` events; true when it has delivered any. */
  deliver(most: number): boolean {
    for (let left = most; left > 0; left--) {
      const event = this.merge.next();
      if (event === null) return left < most;
      if (event.kind === "barrier") {
        this.snapshots.push({ checkpointId: event.checkpointId, processed: [...this.#processed] });
        this.delivered.push(`snapshot${event.checkpointId}`);
      } else if (event.kind === "forward") this.delivered.push(`HB${event.heartbeat}`);
      else this.#onElement(event.channel, event.element);
    }
    return true;
  }

  #onElement(channel: number, element: Element): void {
    const count = elementCount(element);
    for (let number = element.first; number < element.first + count; number++)
      this.delivered.push(`${channel}:${number}`);
    this.#processed[channel] = element.first + count - 1;
    this.#onDelivered?.(channel, count);
  }
}
