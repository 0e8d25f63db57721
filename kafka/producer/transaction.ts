import { setImmediate as nextTurn } from "node:timers/promises";
import { assert } from "../../base/assert.ts";
import { asFaultlineError, type FaultlineError } from "../../base/errors.ts";
import type { ProducerIdentity } from "../requests/init-producer-id.ts";
import type { TransactionCoordinator } from "../transactions/coordinator.ts";
import type { PreparedTransaction } from "../types.ts";

export interface TransactionEvents {
  /** Records of the partition may be sent. */
  onEnlisted(partition: number): void;
  onFailed(error: FaultlineError): void;
}

/** The transaction of a producer: opened by the first record after the end of the one before. */
export class ProducerTransaction {
  readonly #coordinator: TransactionCoordinator;
  readonly #identity: ProducerIdentity;
  readonly #topic: string;
  readonly #events: TransactionEvents;
  readonly #joining = new Set<number>();
  /** Partitions that the coordinator knows as part of the open transaction. */
  readonly #members = new Set<number>();
  #asking: Promise<void> | null = null;
  #written: { readonly partition: number; readonly firstOffset: number } | null = null;
  #isEnding = false;

  constructor(
    coordinator: TransactionCoordinator,
    identity: ProducerIdentity,
    topic: string,
    events: TransactionEvents,
  ) {
    this.#coordinator = coordinator;
    this.#identity = identity;
    this.#topic = topic;
    this.#events = events;
  }

  get id(): string {
    return this.#coordinator.id;
  }

  /** Makes the partition part of the transaction. What is enlisted in one turn goes in one request. */
  enlist(partition: number): void {
    assert(!this.#isEnding, "nothing is appended before the end of the transaction is confirmed");
    if (this.#members.has(partition)) return;
    this.#joining.add(partition);
    this.#asking ??= this.#join();
  }

  /** Records were acknowledged; −1 where the broker does not know any more at which offset. */
  onWritten(partition: number, baseOffset: number): void {
    if (baseOffset >= 0) this.#written ??= { partition, firstOffset: baseOffset };
  }

  /** The open transaction; to be asked when all is acknowledged. */
  prepared(): PreparedTransaction | null {
    const [partition] = this.#members;
    if (partition === undefined) return null;
    const { producerId, producerEpoch } = this.#identity;
    const place = this.#written ?? { partition, firstOffset: -1 };
    return { id: this.id, producerId, epoch: producerEpoch, ...place };
  }

  /** Ends the open transaction, if there is one: first lets `settle` do what is to be done before. */
  async end(isCommit: boolean, settle: () => Promise<void>): Promise<void> {
    assert(!this.#isEnding, "one end of a transaction at a time");
    this.#isEnding = true;
    await settle();
    await this.#asking;
    if (this.#members.size > 0) await this.#coordinator.end(this.#identity, isCommit);
    this.#members.clear();
    this.#written = null;
    this.#isEnding = false;
  }

  async #join(): Promise<void> {
    await nextTurn();
    try {
      while (this.#joining.size > 0) {
        const partitions = [...this.#joining];
        await this.#coordinator.addPartitions(this.#identity, this.#topic, partitions);
        for (const partition of partitions) {
          this.#joining.delete(partition);
          this.#members.add(partition);
          this.#events.onEnlisted(partition);
        }
      }
    } catch (error) {
      this.#events.onFailed(asFaultlineError(error));
    }
    this.#asking = null;
  }
}
