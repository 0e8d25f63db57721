import { assert } from "../../../base/assert.ts";
import type { LogRecords } from "../../ports.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import { ViewCache } from "../../rows/bytes.ts";
import type { NumberColumnBuffer } from "../../rows/columns.ts";
import { ReusableBatch } from "../../rows/reusable-batch.ts";
import type { RowSchema } from "../../rows/schema.ts";
import type { RecordDecoder } from "../format.ts";
import type { WireFormat } from "../json/wire-format.ts";
import { type WireSource, type WireSourceOptions, wireSource } from "../json/wire-source.ts";
import { foreignHead } from "./head-error.ts";
import { HEAD_BYTES, headOf, recordLayout, schemaHash } from "./layout.ts";
import { VariantReader } from "./variant-reader.ts";

/** Schema and decoder of a binary source: the same rows as `jsonSource` with the same options makes of the same events. */
export function binarySource(options: WireSourceOptions): WireSource {
  return wireSource(options, BinaryDecoder);
}

/**
 * Decodes records of a `WireFormat` in the binary form (docs/decisions/0011-binary-wire-format.md). Strings stay where they are. Throws
 * `job-failed`, with partition and offset, at a record of another format, version or schema; damaged records are counted and dropped.
 */
export class BinaryDecoder implements RecordDecoder {
  undecodable = 0;
  readonly #hash: number;
  /** Head of the variant with tag 0. */
  readonly #head: number;
  readonly #readers: readonly (VariantReader | undefined)[];
  readonly #tagColumn: number;
  readonly #maxBatchRows: number;
  readonly #batch: ReusableBatch;
  readonly #views = new ViewCache();
  #maxEventTimeMs = Number.NEGATIVE_INFINITY;

  constructor(format: WireFormat, schema: RowSchema, rows: ReadonlySet<string>, maxBatchRows: number) {
    assert(maxBatchRows > 0, "maxBatchRows must be positive");
    this.#hash = schemaHash(format.variants);
    this.#head = headOf(this.#hash, 0);
    this.#batch = new ReusableBatch(schema, maxBatchRows);
    const readers: VariantReader[] = [];
    for (const variant of format.variants) {
      const wanted = rows.has(variant.name);
      readers[variant.tag] = new VariantReader(format, variant, recordLayout(variant), this.#batch, wanted);
    }
    this.#readers = readers;
    const { discriminator } = format;
    this.#tagColumn = discriminator !== null && schema.has(discriminator) ? schema.index(discriminator) : -1;
    this.#maxBatchRows = maxBatchRows;
  }

  decode(records: LogRecords, emit: (batch: ColumnBatch) => void): number {
    const { bytes } = records;
    const view = this.#views.of(0, bytes);
    const batch = this.#batch;
    this.#maxEventTimeMs = Number.NEGATIVE_INFINITY;
    batch.begin(bytes);
    for (const cursor = records.walk(); cursor.next(); ) {
      const { valueStart, valueEnd } = cursor;
      if (valueStart < 0 || valueEnd - valueStart < HEAD_BYTES) {
        this.undecodable += 1;
        continue;
      }
      const head = view.getUint32(valueStart, true);
      const tag = (head >>> 8) & 0xff;
      const reader = (head & ~0xff00) >>> 0 === this.#head ? this.#readers[tag] : undefined;
      if (reader === undefined) throw foreignHead(head, this.#hash, records.partition, cursor.offset);
      this.#read(reader, tag, bytes, view, valueStart, valueEnd);
      if (batch.selectedCount === this.#maxBatchRows) {
        emit(batch);
        batch.begin(bytes);
      }
    }
    if (batch.selectedCount > 0) emit(batch);
    return this.#maxEventTimeMs;
  }

  #read(reader: VariantReader, tag: number, bytes: Uint8Array, view: DataView, start: number, end: number): void {
    const batch = this.#batch;
    const row = batch.selectedCount;
    if (!reader.read(bytes, view, start, end, row)) {
      this.undecodable += 1;
      return;
    }
    const { eventTimeMs } = reader;
    if (eventTimeMs > this.#maxEventTimeMs) this.#maxEventTimeMs = eventTimeMs;
    if (!reader.wanted) return;
    if (this.#tagColumn >= 0) (batch.columns[this.#tagColumn] as NumberColumnBuffer).values[row] = tag;
    batch.eventTimes[row] = eventTimeMs;
    batch.selectedCount = row + 1;
  }
}
