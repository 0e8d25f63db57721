import { FaultlineError } from "../../../base/errors.ts";
import type { LogSourceSupplier, RecordValues } from "../../../engine/connectors/source-supplier.ts";
import type { DataSet, EventCursor } from "../../../generators/dataset.ts";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { DEFAULT_WORDS, type WordOptions, wordLine } from "../../../generators/words/lines.ts";

/** Parameters of a generated input, plain JSON: it is made in the workers. */
export type GeneratedInput =
  | { readonly generator: "nexmark"; readonly partitions: number; readonly options: Readonly<Record<string, unknown>> }
  | {
      readonly generator: "words";
      readonly partitions: number;
      readonly lines: number;
      readonly options: Partial<WordOptions>;
    };

/** Loaded by the workers: the log that the parameters describe. */
export default function generatedInput(parameters: GeneratedInput): LogSourceSupplier {
  if (parameters.generator === "words")
    return new WordLines(parameters.partitions, parameters.lines, parameters.options);
  const { partitions, options } = parameters;
  const dataSet = new NexmarkDataSet({
    options: resolveNexmarkOptions(options),
    partitions,
    partitionRule: "roundRobin",
  });
  return new GeneratedPartitions(dataSet);
}

/**
 * Partitions of a data set, each generated for itself when it is read: a reader of one partition makes all events but writes only its own,
 * and may begin anywhere and again.
 */
export class GeneratedPartitions implements LogSourceSupplier {
  readonly partitions: number;
  readonly #dataSet: DataSet<unknown>;
  readonly #ends = new Map<number, number>();
  readonly #places = new Map<number, { readonly cursor: EventCursor<unknown>; next: number }>();

  constructor(dataSet: DataSet<unknown>) {
    this.#dataSet = dataSet;
    this.partitions = dataSet.partitions;
  }

  endOffset(partition: number): number {
    if (this.partitions === 1) return this.#dataSet.events;
    if (this.#ends.size === 0) {
      for (let p = 0; p < this.partitions; p++) this.#ends.set(p, 0);
      for (const cursor = this.#dataSet.open(); cursor.advance(); ) {
        this.#ends.set(cursor.partition, this.#ends.get(cursor.partition)! + 1);
      }
    }
    return this.#ends.get(partition)!;
  }

  read(partition: number, offset: number, maxRecords: number): RecordValues {
    let place = this.#places.get(partition);
    if (place === undefined || place.next > offset) place = { cursor: this.#dataSet.open(), next: 0 };
    this.#places.set(partition, place);
    const { cursor } = place;
    const offsets = new Int32Array(maxRecords + 1);
    let bytes = new Uint8Array(64 * 1024);
    let count = 0;
    while (count < maxRecords && cursor.advance()) {
      if (cursor.partition !== partition || place.next++ < offset) continue;
      const at = offsets[count]!;
      if (at + cursor.maxWireBytes > bytes.length) bytes = grown(bytes, at + cursor.maxWireBytes);
      offsets[++count] = cursor.writeWire(bytes, at);
    }
    if (count === 0) throw new FaultlineError("run-failed", `partition ${partition} has no record ${offset}`);
    return { bytes, count, offsets };
  }
}

function grown(bytes: Uint8Array, least: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(least, 2 * bytes.length));
  larger.set(bytes);
  return larger;
}

/** Line i is record ⌊i / partitions⌋ of partition i mod partitions. */
class WordLines implements LogSourceSupplier {
  readonly partitions: number;
  readonly #lines: number;
  readonly #options: WordOptions;

  constructor(partitions: number, lines: number, options: Partial<WordOptions>) {
    this.partitions = partitions;
    this.#lines = lines;
    this.#options = { ...DEFAULT_WORDS, ...options };
  }

  endOffset(partition: number): number {
    return Math.max(0, Math.ceil((this.#lines - partition) / this.partitions));
  }

  read(partition: number, offset: number, maxRecords: number): RecordValues {
    const count = Math.min(maxRecords, this.endOffset(partition) - offset);
    const values = Array.from({ length: count }, (_, i) => {
      return Buffer.from(wordLine(this.#options, (offset + i) * this.partitions + partition));
    });
    const offsets = new Int32Array(count + 1);
    for (const [i, value] of values.entries()) offsets[i + 1] = offsets[i]! + value.length;
    return { bytes: Buffer.concat(values), count, offsets };
  }
}
