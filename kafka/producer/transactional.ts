import { assert, present } from "../../base/assert.ts";
import { asFaultlineError } from "../../base/errors.ts";
import type { PreparedTransaction, TransactionalProducer } from "../types.ts";
import { IdempotentProducer } from "./producer.ts";

/** The producer whose records go in transactions: the same, with an end now and then. */
export class KafkaTransactionalProducer extends IdempotentProducer implements TransactionalProducer {
  prepared(): PreparedTransaction | null {
    assert(this.isSettled, "a transaction is prepared when all its records are acknowledged");
    return this.#transaction.prepared();
  }

  async commitTransaction(): Promise<void> {
    assert(this.isSettled, "a transaction is committed when all its records are acknowledged");
    await this.#end(true, async () => {});
  }

  async abortTransaction(): Promise<void> {
    // What has its sequence numbers must be written, or the broker would miss it when the next comes.
    this.discardOpen();
    await this.#end(false, () => this.flush());
  }

  get #transaction() {
    return present(this.transaction, "the transaction of a transactional producer");
  }

  async #end(isCommit: boolean, settle: () => Promise<void>): Promise<void> {
    try {
      await this.#transaction.end(isCommit, settle);
      this.expel();
    } catch (error) {
      this.giveUp(asFaultlineError(error));
      throw error;
    }
  }
}
