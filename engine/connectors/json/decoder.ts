import { assert } from "../../../base/assert.ts";
import type { LogRecords } from "../../ports.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import { BatchBuilder } from "../../rows/batch-builder.ts";
import type { NumberColumnBuffer } from "../../rows/columns.ts";
import { ReusableBatch } from "../../rows/reusable-batch.ts";
import type { RowSchema } from "../../rows/schema.ts";
import type { RecordDecoder } from "../format.ts";
import { KERNEL_ROWS, type Kernel, sharedKernel, WINDOW_BYTES } from "./kernel/kernel.ts";
import { absentNumbers, parseProgram } from "./kernel/parse-program.ts";
import { type ParsedRecord, parseRecord } from "./parse-record.ts";
import { JsonScanner, type Literal, literal } from "./scanner.ts";
import { VariantProgram } from "./variant-program.ts";
import { columnName, type WireFormat } from "./wire-format.ts";
import { type WireSource, type WireSourceOptions, wireSource } from "./wire-source.ts";

/**
 * Schema and decoder of a JSON source: `source(id, { ...jsonSource(options), watermarkDelayMs })`. A column is NULL in rows of variants
 * that do not have its field. `job-invalid` when the format has no such field or variant.
 */
export function jsonSource(options: WireSourceOptions): WireSource {
  return wireSource(options, JsonDecoder);
}

/**
 * Decodes records of a `WireFormat`, in three ways that give the same: records in the documented form by the WebAssembly kernel, many in
 * one call; those that it leaves (a NULL, a negative number) and all where there is no kernel by a scanner; what is spelled in another
 * way through `JSON.parse`. Strings stay where they are but for the last, which are written again in canonical form. Rows leave in the
 * order of the records.
 */
export class JsonDecoder implements RecordDecoder {
  undecodable = 0;
  /** Records that went through `JSON.parse` so far, undecodable ones included. */
  slowRecords = 0;
  readonly #format: WireFormat;
  readonly #schema: RowSchema;
  readonly #programs: readonly (VariantProgram | undefined)[];
  readonly #beforeTag: Literal;
  /** Column of the discriminator; −1: none. */
  readonly #tagColumn: number;
  readonly #maxBatchRows: number;
  readonly #kernel: Kernel | null;
  /** What the kernel goes by; null: it cannot read this format. */
  readonly #kernelProgram: Uint8Array | null;
  readonly #scanner = new JsonScanner();
  readonly #scanned: ReusableBatch;
  readonly #parsed: BatchBuilder;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #maxEventTimeMs = Number.NEGATIVE_INFINITY;

  /** `kernel` null: does without. */
  constructor(
    format: WireFormat,
    schema: RowSchema,
    rows: ReadonlySet<string>,
    maxBatchRows: number,
    kernel: Kernel | null = sharedKernel(),
  ) {
    assert(maxBatchRows > 0, "maxBatchRows must be positive");
    this.#format = format;
    this.#schema = schema;
    const programs: VariantProgram[] = [];
    for (const variant of format.variants) {
      programs[variant.tag] = new VariantProgram(format, variant, schema, rows.has(variant.name));
    }
    this.#programs = programs;
    const { discriminator } = format;
    this.#beforeTag = literal(discriminator === null ? "" : `{${JSON.stringify(discriminator)}:`);
    this.#tagColumn = discriminator !== null && schema.has(discriminator) ? schema.index(discriminator) : -1;
    this.#maxBatchRows = Math.min(maxBatchRows, KERNEL_ROWS);
    const names = schema.fields.map(({ name }) => name);
    this.#scanned = new ReusableBatch(schema, this.#maxBatchRows, kernel?.columns(), absentNumbers(format, names));
    this.#kernelProgram = kernel && parseProgram(format, this.#scanned, rows, kernel.parseProgramAt);
    this.#kernel = this.#kernelProgram === null ? null : kernel;
    this.#starts = this.#kernel?.starts ?? new Int32Array(this.#maxBatchRows);
    this.#ends = this.#kernel?.ends ?? new Int32Array(this.#maxBatchRows);
    this.#parsed = new BatchBuilder(schema);
  }

  decode(records: LogRecords, emit: (batch: ColumnBatch) => void): number {
    const { bytes } = records;
    const cursor = records.walk();
    this.#maxEventTimeMs = Number.NEGATIVE_INFINITY;
    for (let more = cursor.next(); more; ) {
      let count = 0;
      let first = -1;
      let last = -1;
      do {
        const { valueStart, valueEnd } = cursor;
        if (valueStart >= 0) {
          if (valueEnd - (first < 0 ? valueStart : first) > WINDOW_BYTES) break;
          if (first < 0) first = valueStart;
          last = valueEnd;
        }
        this.#starts[count] = valueStart;
        this.#ends[count] = valueEnd;
        count += 1;
        more = cursor.next();
      } while (more && count < this.#maxBatchRows);
      if (count > 0) this.#decodeSome(bytes, first, last, count, emit);
      else {
        this.#parse(bytes.subarray(cursor.valueStart, cursor.valueEnd), emit); // larger than all that the kernel can hold
        more = cursor.next();
      }
    }
    this.#flush(emit);
    return this.#maxEventTimeMs;
  }

  /** Decodes `count` records, whose values lie within `bytes[first, last)`; hands their rows on. */
  #decodeSome(bytes: Uint8Array, first: number, last: number, count: number, emit: (batch: ColumnBatch) => void): void {
    const kernel = this.#kernel;
    const shift = kernel === null || first < 0 ? 0 : kernel.load(bytes, first, last);
    const source = kernel === null ? bytes : kernel.bytes;
    this.#scanner.use(source);
    this.#scanned.begin(source);
    for (let index = 0; index < count; index++) {
      if (kernel !== null) index = this.#parseMany(kernel, shift, index, count);
      if (index < count) this.#decodeOne(source, this.#starts[index]!, this.#ends[index]!, shift, emit);
    }
    this.#flush(emit);
  }

  /** Lets the kernel read records from `first` on; returns the first that it leaves. */
  #parseMany(kernel: Kernel, shift: number, first: number, count: number): number {
    const batch = this.#scanned;
    const rows = batch.selectedCount;
    const next = kernel.parse(this.#kernelProgram!, shift, first, count, rows, this.#maxEventTimeMs);
    batch.selectedCount = kernel.rows;
    this.#maxEventTimeMs = kernel.latestMs;
    return next;
  }

  #decodeOne(source: Uint8Array, start: number, end: number, shift: number, emit: (batch: ColumnBatch) => void): void {
    const scanner = this.#scanner;
    if (start < 0) {
      this.undecodable += 1;
      return;
    }
    scanner.at = start + shift;
    scanner.end = end + shift;
    if (!this.#scan()) this.#parse(source.subarray(start + shift, end + shift), emit);
  }

  /** Scans the record that the scanner stands at; false when it is not in the documented form. */
  #scan(): boolean {
    const scanner = this.#scanner;
    const batch = this.#scanned;
    let tag = this.#format.variants[0]!.tag;
    if (this.#format.discriminator !== null) {
      if (!scanner.literal(this.#beforeTag) || !scanner.integer()) return false;
      tag = scanner.number;
    }
    const program = this.#programs[tag];
    if (program === undefined) return false;
    const row = batch.selectedCount;
    if (!program.scan(scanner, batch, row)) {
      batch.clearNulls(row);
      return false;
    }
    const { eventTimeMs, absentColumns } = program;
    if (eventTimeMs > this.#maxEventTimeMs) this.#maxEventTimeMs = eventTimeMs;
    if (!program.wanted) return true;
    for (let i = 0; i < absentColumns.length; i++) batch.setNull(absentColumns[i]!, row);
    if (this.#tagColumn >= 0) (batch.columns[this.#tagColumn] as NumberColumnBuffer).values[row] = tag;
    batch.eventTimes[row] = eventTimeMs;
    batch.selectedCount = row + 1;
    return true;
  }

  /** Takes the slow path for one record. Parsed rows that wait are older than scanned ones that wait. */
  #parse(value: Uint8Array, emit: (batch: ColumnBatch) => void): void {
    this.slowRecords += 1;
    const record = parseRecord(this.#format, value);
    if (record === null) {
      this.undecodable += 1;
      return;
    }
    this.#maxEventTimeMs = Math.max(this.#maxEventTimeMs, record.eventTimeMs);
    if (!this.#programs[record.variant.tag]!.wanted) return;
    if (this.#scanned.selectedCount > 0 || this.#parsed.rowCount >= this.#maxBatchRows) this.#flush(emit);
    this.#addParsed(record);
  }

  #addParsed({ variant, eventTimeMs, values }: ParsedRecord): void {
    const out = this.#parsed;
    out.addRow(eventTimeMs);
    for (const { name } of variant.fields) {
      const column = columnName(variant, name);
      const value = values.get(name);
      if (!this.#schema.has(column)) continue;
      if (typeof value === "number") out.setNumber(this.#schema.index(column), value);
      else if (typeof value === "string") out.setText(this.#schema.index(column), value);
    }
    if (this.#tagColumn >= 0) out.setNumber(this.#tagColumn, variant.tag);
  }

  /** Hands on all rows that wait, in order. */
  #flush(emit: (batch: ColumnBatch) => void): void {
    if (this.#parsed.rowCount > 0) emit(this.#parsed);
    this.#parsed.clear();
    if (this.#scanned.selectedCount > 0) emit(this.#scanned);
    this.#scanned.begin(this.#scanner.bytes);
  }
}
