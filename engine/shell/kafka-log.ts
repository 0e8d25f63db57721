import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { KafkaClient } from "../../kafka/client.ts";
import type {
  Log,
  LogAddress,
  LogPosition,
  LogReader,
  LogReaderHandler,
  LogReading,
  LogWriter,
  LogWriterHandler,
  PreparedTransaction,
  TransactionalWriter,
  TransactionSettings,
} from "../ports.ts";
import { KafkaLogReader } from "./kafka-reader.ts";
import { KafkaTransactionalWriter } from "./kafka-transactional-writer.ts";
import { KafkaLogWriter } from "./kafka-writer.ts";
import { TopicProducer } from "./topic-producer.ts";

/**
 * Logs in Kafka topics. One client for all readers of a process and one for all writers, connected when first
 * needed; one producer a topic, and one a transactional id.
 */
export class KafkaLog implements Log {
  readonly #name: string;
  readonly #clients = new Map<string, Promise<KafkaClient>>();
  readonly #producers = new Map<string, TopicProducer>();

  /** `name` of the process: brokers' logs show it. */
  constructor(name: string) {
    this.#name = name;
  }

  openReader(
    address: LogAddress,
    from: readonly LogPosition[],
    handler: LogReaderHandler,
    reading: LogReading = {},
  ): LogReader {
    return new KafkaLogReader(this.#client(address, "reader"), address.topic, from, handler, reading);
  }

  openWriter(address: LogAddress, partitions: readonly number[], handler: LogWriterHandler): LogWriter {
    const key = `${address.brokers.join(",")} ${address.topic}`;
    let producer = this.#producers.get(key);
    if (producer === undefined) {
      const opened = new TopicProducer(this.#client(address, "writer"), address.topic, partitions, null, () => {
        if (this.#producers.get(key) === opened) this.#producers.delete(key);
      });
      this.#producers.set(key, opened);
      producer = opened;
    }
    return new KafkaLogWriter(producer, handler);
  }

  openTransactionalWriter(
    address: LogAddress,
    partitions: readonly number[],
    transaction: TransactionSettings,
    handler: LogWriterHandler,
  ): TransactionalWriter {
    const client = this.#client(address, "writer");
    const producer = new TopicProducer(client, address.topic, partitions, transaction, () => {});
    return new KafkaTransactionalWriter(producer, handler);
  }

  commitPrepared(address: LogAddress, prepared: PreparedTransaction, done: (error: Error | null) => void): void {
    this.#client(address, "writer")
      .then((client) => client.commitPrepared(address.topic, prepared))
      .then(
        () => done(null),
        (error) => done(asFaultlineError(error)),
      );
  }

  truncate(address: LogAddress, partition: number, offset: number, done: (error: Error | null) => void): void {
    this.#client(address, "writer")
      .then((client) => client.deleteRecords(address.topic, partition, offset))
      .then(
        () => done(null),
        (error) => done(asFaultlineError(error)),
      );
  }

  /** Closes every connection at once. */
  async close(): Promise<void> {
    const clients = await Promise.allSettled(this.#clients.values());
    await Promise.all(clients.map((client) => (client.status === "fulfilled" ? client.value.close() : null)));
  }

  #client(address: LogAddress, role: string): Promise<KafkaClient> {
    if (address.kind !== "kafka") {
      const unknown = new FaultlineError("job-invalid", `this process has no logs of kind "${address.kind}"`);
      return Promise.reject(unknown);
    }
    const key = `${role} ${address.brokers.join(",")}`;
    let client = this.#clients.get(key);
    if (client === undefined) {
      client = KafkaClient.connect({ brokers: address.brokers, clientId: `${this.#name}-${role}` });
      this.#clients.set(key, client);
      // Whoever asked for it hears of the failure; the next one tries anew.
      client.catch(() => this.#clients.delete(key));
    }
    return client;
  }
}
