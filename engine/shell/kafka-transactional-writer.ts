import { asFaultlineError, type FaultlineError } from "../../base/errors.ts";
import type { LogWriterHandler, PreparedTransaction, TransactionalWriter } from "../ports.ts";
import { KafkaLogWriter } from "./kafka-writer.ts";
import type { TopicProducer } from "./topic-producer.ts";

type Done = (error: Error | null) => void;

/** A writer of one task with a producer of its own, whose records go in transactions. */
export class KafkaTransactionalWriter extends KafkaLogWriter implements TransactionalWriter {
  readonly #producer: TopicProducer;
  #isEnding = false;
  #isClosed = false;

  constructor(producer: TopicProducer, handler: LogWriterHandler) {
    super(producer, handler);
    this.#producer = producer;
  }

  prepared(): PreparedTransaction | null {
    return this.#producer.prepared();
  }

  commit(done: Done): void {
    this.#end(true, done);
  }

  abort(done: Done): void {
    this.#end(false, done);
  }

  /** Leaves an open transaction open: whoever holds it prepared may still commit it. */
  override close(): void {
    this.#isClosed = true;
    super.close();
  }

  override onFailed(error: FaultlineError): void {
    if (!this.#isEnding) super.onFailed(error); // otherwise told to who waits for the end
  }

  #end(isCommit: boolean, done: Done): void {
    this.#isEnding = true;
    const tell = (error: FaultlineError | null) => {
      this.#isEnding = false;
      if (!this.#isClosed) done(error);
    };
    this.#producer.end(isCommit).then(
      () => tell(null),
      (error) => tell(asFaultlineError(error)),
    );
  }
}
