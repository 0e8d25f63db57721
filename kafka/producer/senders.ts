import { present } from "../../base/assert.ts";
import type { TopicLeaders } from "../topic-leaders.ts";
import type { PartitionQueue } from "./partition-queue.ts";
import { ProduceSender, type SenderEvents, type SenderOptions } from "./sender.ts";

/** The senders of a producer, one for each broker that leads some of its partitions. */
export class Senders {
  readonly #options: SenderOptions;
  readonly #leaders: TopicLeaders;
  readonly #queues: readonly PartitionQueue[];
  readonly #events: SenderEvents;
  readonly #senders = new Map<number, ProduceSender>();
  #isClosed = false;

  constructor(
    options: SenderOptions,
    leaders: TopicLeaders,
    queues: readonly PartitionQueue[],
    events: Omit<SenderEvents, "onDown">,
  ) {
    this.#options = options;
    this.#leaders = leaders;
    this.#queues = queues;
    this.#events = { ...events, onDown: () => this.recover() };
  }

  /** The sender of the queue's leader, when there is one. */
  of(queue: PartitionQueue): ProduceSender | undefined {
    return this.#senders.get(queue.leader);
  }

  hurry(): void {
    for (const sender of this.#senders.values()) sender.hurry();
  }

  /** Learns the leaders anew, then goes on. */
  recover(): void {
    if (this.#isClosed) return;
    this.#leaders.refreshSoon((error) => {
      if (this.#isClosed) return;
      if (error !== null) this.#events.onFailed(error);
      else this.assign();
    });
  }

  /** Gives each queue to the sender of its leader, as far as that is known. */
  assign(): void {
    for (const sender of this.#senders.values()) sender.queues.length = 0;
    let isMissing = false;
    for (const queue of this.#queues) {
      const leader = this.#leaders.leaderOf(queue.partition);
      // What an old leader has not answered yet must be settled before a new one gets anything.
      const mayMove = queue.leader === leader || queue.inFlight === 0;
      if (mayMove) queue.leader = leader;
      else isMissing = true;
      queue.isWaiting = leader < 0 || !mayMove;
      if (leader < 0) isMissing = true;
      if (queue.leader >= 0) this.#sender(queue.leader).queues.push(queue);
    }
    for (const [nodeId, sender] of this.#senders) {
      if (sender.queues.length > 0) sender.hurry();
      else this.#dismiss(nodeId, sender);
    }
    if (isMissing) this.recover();
  }

  close(): void {
    this.#isClosed = true;
    for (const sender of this.#senders.values()) sender.close();
  }

  #sender(nodeId: number): ProduceSender {
    const endpoint = this.#leaders.endpoint(nodeId);
    const known = this.#senders.get(nodeId);
    if (known !== undefined) {
      if (endpoint !== undefined) known.moveTo(endpoint);
      return known;
    }
    const sender = new ProduceSender(present(endpoint, `address of broker ${nodeId}`), this.#options, this.#events);
    this.#senders.set(nodeId, sender);
    return sender;
  }

  /** A broker that leads nothing of ours any more: perhaps it has left the cluster, and would be called for ever. */
  #dismiss(nodeId: number, sender: ProduceSender): void {
    sender.close();
    this.#senders.delete(nodeId);
  }
}
