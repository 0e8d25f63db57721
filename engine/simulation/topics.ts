import { assert, present } from "../../base/assert.ts";
import type { LogSourceSupplier, RecordValues } from "../connectors/source-supplier.ts";

/** Called with every record that has become durable; the bytes are valid only during the call. */
export type RecordListener = (topic: string, partition: number, value: Uint8Array) => void;

interface StoredPartition {
  readonly values: Uint8Array[];
  readonly waiting: Set<() => void>;
}

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

  /** Records of a topic in memory, partition by partition. */
  records(topic: string, partition: number): readonly Uint8Array[] {
    return this.#partition(topic, partition).values;
  }

  append(topic: string, partition: number, value: Uint8Array): void {
    assert(!this.#suppliers.has(topic), "a computed log cannot be written", { topic });
    if (this.#listener !== null) {
      this.#listener(topic, partition, value);
      return;
    }
    const stored = this.#partition(topic, partition);
    stored.values.push(value.slice());
    const waiting = [...stored.waiting];
    stored.waiting.clear();
    for (const wake of waiting) wake();
  }

  endOffset(topic: string, partition: number): number {
    const supplier = this.#suppliers.get(topic);
    return supplier === undefined ? this.#partition(topic, partition).values.length : supplier.endOffset(partition);
  }

  /** Up to `maxRecords` values from `offset` on, at least one. */
  read(topic: string, partition: number, offset: number, maxRecords: number): RecordValues {
    const supplier = this.#suppliers.get(topic);
    if (supplier !== undefined) return supplier.read(partition, offset, maxRecords);
    const values = this.#partition(topic, partition).values.slice(offset, offset + maxRecords);
    const offsets = new Int32Array(values.length + 1);
    values.forEach((value, index) => {
      offsets[index + 1] = offsets[index]! + value.length;
    });
    const bytes = new Uint8Array(present(offsets.at(-1), "end of the values"));
    values.forEach((value, index) => {
      bytes.set(value, offsets[index]!);
    });
    return { bytes, count: values.length, offsets };
  }

  /** Calls back once, when a record is appended to a topic in memory. */
  onAppend(topic: string, partition: number, wake: () => void): void {
    if (!this.#suppliers.has(topic)) this.#partition(topic, partition).waiting.add(wake);
  }

  #partition(topic: string, partition: number): StoredPartition {
    const key = `${topic}/${partition}`;
    const stored = this.#stored.get(key) ?? { values: [], waiting: new Set() };
    this.#stored.set(key, stored);
    return stored;
  }
}
