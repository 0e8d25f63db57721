import type { FaultlineError } from "../../base/errors.ts";
import type { LogWriter, LogWriterHandler } from "../ports.ts";
import type { ProducerMember, TopicProducer } from "./topic-producer.ts";

/** A writer of one task, on the producer that it shares with the other writers of its process. */
export class KafkaLogWriter implements LogWriter, ProducerMember {
  readonly #producer: TopicProducer;
  readonly #handler: LogWriterHandler;

  constructor(producer: TopicProducer, handler: LogWriterHandler) {
    this.#producer = producer;
    this.#handler = handler;
    producer.join(this);
  }

  append(partition: number, timestampMs: number, value: Uint8Array, start: number, end: number): boolean {
    return this.#producer.append(this, partition, timestampMs, value, start, end);
  }

  /** The producer sends by itself at the end of the turn. */
  kick(): void {}

  /** Nothing is reported any more, and what is not sent yet may never be: whoever needs it waits for the acknowledgements first. */
  close(): void {
    this.#producer.leave(this);
  }

  onAcknowledged(partition: number, count: number): void {
    this.#handler.onAcknowledged(partition, count);
  }

  onDrain(): void {
    this.#handler.onDrain();
  }

  onFailed(error: FaultlineError): void {
    this.#handler.onError(error);
  }
}
