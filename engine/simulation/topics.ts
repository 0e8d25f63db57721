import { assert } from "../../base/assert.ts";
import type { LogSourceSupplier } from "../connectors/source-supplier.ts";
import type { Isolation } from "../ports.ts";
import { type PartitionRead, StoredPartition, type TransactionFate } from "./stored-partition.ts";

/** Called with every record once readers of what is committed may see it; the bytes are valid only during the call. */
export type RecordListener = (topic: string, partition: number, value: Uint8Array) => void;

/**
 * The contents of all logs of a simulation: topics in memory, and computed ones (`LogSourceSupplier`). Topics in memory come into
 * being when first used; with a listener their records are handed on instead of kept.
 */
export class Topics {
  readonly #suppliers = new Map<string, LogSourceSupplier>();
  readonly #readableFromUs = new Map<string, number>();
  readonly #stored = new Map<string, StoredPartition>();
  readonly #listener: RecordListener | null;

  constructor(listener: RecordListener | null) {
    this.#listener = listener;
  }

  /** Nothing of it can be read before `readableFromUs`. */
  addSupplier(topic: string, supplier: LogSourceSupplier, readableFromUs = 0): void {
    assert(!this.#suppliers.has(topic), "topic exists", { topic });
    this.#suppliers.set(topic, supplier);
    this.#readableFromUs.set(topic, readableFromUs);
  }

  /** When records of the topic can be read at the earliest. */
  readableFromUs(topic: string): number {
    return this.#readableFromUs.get(topic) ?? 0;
  }

  /** Records of a topic in memory, partition by partition; uncommitted ones too unless asked otherwise. */
  records(topic: string, partition: number, isolation: Isolation = "uncommitted"): readonly Uint8Array[] {
    return this.#partition(topic, partition).visible(isolation);
  }

  /** Returns the record's offset. */
  append(topic: string, partition: number, value: Uint8Array, fate: TransactionFate | null = null): number {
    assert(!this.#suppliers.has(topic), "a computed log cannot be written", { topic });
    return this.#partition(topic, partition).append(value, fate);
  }

  /** A transaction with records in the partition has ended. */
  mark(topic: string, partition: number, fate: TransactionFate): void {
    this.#partition(topic, partition).mark(fate);
  }

  /** Offset of the first record that is kept. */
  beginOffset(topic: string, partition: number): number {
    return this.#suppliers.has(topic) ? 0 : this.#partition(topic, partition).beginOffset;
  }

  /** Deletes the records of a topic in memory before `offset`. */
  truncate(topic: string, partition: number, offset: number): void {
    this.#partition(topic, partition).truncate(offset);
  }

  endOffset(topic: string, partition: number, isolation: Isolation = "uncommitted"): number {
    const supplier = this.#suppliers.get(topic);
    return supplier === undefined
      ? this.#partition(topic, partition).endOffset(isolation)
      : supplier.endOffset(partition);
  }

  /** Up to `maxRecords` values from `offset` on, which lies before the end offset; at least one, or where the next ones begin. */
  read(topic: string, partition: number, offset: number, maxRecords: number, isolation: Isolation): PartitionRead {
    const supplier = this.#suppliers.get(topic);
    return supplier === undefined
      ? this.#partition(topic, partition).read(offset, maxRecords, isolation)
      : { values: supplier.read(partition, offset, maxRecords), skippedTo: null };
  }

  /** Calls back once, when something is appended to a topic in memory. */
  onAppend(topic: string, partition: number, wake: () => void): void {
    if (!this.#suppliers.has(topic)) this.#partition(topic, partition).onAppend(wake);
  }

  #partition(topic: string, partition: number): StoredPartition {
    const key = `${topic}/${partition}`;
    let stored = this.#stored.get(key);
    if (stored === undefined) {
      const listener = this.#listener;
      stored = new StoredPartition(listener === null ? null : (value) => listener(topic, partition, value));
      this.#stored.set(key, stored);
    }
    return stored;
  }
}
