import { assert } from "../../../base/assert.ts";
import { FaultlineError } from "../../../base/errors.ts";
import type { LogRecords } from "../../ports.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import { BatchBuilder } from "../../rows/batch-builder.ts";
import type { NumberColumnBuffer } from "../../rows/columns.ts";
import { ReusableBatch } from "../../rows/reusable-batch.ts";
import type { RowSchema } from "../../rows/schema.ts";
import type { RecordDecoder } from "../format.ts";
import { type ParsedRecord, parseRecord } from "./parse-record.ts";
import { JsonScanner, type Literal, literal } from "./scanner.ts";
import { VariantProgram } from "./variant-program.ts";
import { checkWireFormat, columnName, type WireFormat, wireSchema } from "./wire-format.ts";

interface JsonSourceOptions {
  readonly format: WireFormat;
  /** Columns of the rows, in order: the discriminator and fields as `member.field`. Nothing else is decoded. */
  readonly fields: readonly string[];
  /** Names of the variants whose records become rows; all unless given. The event time of the others counts all the same. */
  readonly rows?: readonly string[];
}

/**
 * Schema and decoder of a JSON source: `source(id, { ...jsonSource(options), watermarkDelayMs })`. A column is NULL in rows of variants
 * that do not have its field. `job-invalid` when the format has no such field or variant.
 */
export function jsonSource(options: JsonSourceOptions): {
  readonly schema: RowSchema;
  readonly decoder: (maxBatchRows: number) => RecordDecoder;
} {
  const { format, fields } = options;
  checkWireFormat(format);
  const unknown = options.rows?.find((name) => !format.variants.some((variant) => variant.name === name));
  if (unknown !== undefined) throw new FaultlineError("job-invalid", `records have no variant "${unknown}"`);
  const rows = new Set(options.rows ?? format.variants.map((variant) => variant.name));
  const schema = wireSchema(format, fields);
  return { schema, decoder: (maxBatchRows) => new JsonDecoder(format, schema, rows, maxBatchRows) };
}

/**
 * Decodes records of a `WireFormat`. Records in the documented form are scanned in place, their strings stay where they are; others go
 * through `JSON.parse` and are written again in canonical form. Both kinds of rows leave in the order of the records.
 */
export class JsonDecoder implements RecordDecoder {
  undecodable = 0;
  /** Records that took the slow path so far, undecodable ones included. */
  slowRecords = 0;
  readonly #format: WireFormat;
  readonly #schema: RowSchema;
  readonly #programs: readonly (VariantProgram | undefined)[];
  readonly #beforeTag: Literal;
  /** Column of the discriminator; −1: none. */
  readonly #tagColumn: number;
  readonly #maxBatchRows: number;
  readonly #scanner = new JsonScanner();
  readonly #scanned: ReusableBatch;
  readonly #parsed: BatchBuilder;
  #maxEventTimeMs = Number.NEGATIVE_INFINITY;

  constructor(format: WireFormat, schema: RowSchema, rows: ReadonlySet<string>, maxBatchRows: number) {
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
    this.#maxBatchRows = maxBatchRows;
    this.#scanned = new ReusableBatch(schema, maxBatchRows);
    this.#parsed = new BatchBuilder(schema);
  }

  decode(records: LogRecords, emit: (batch: ColumnBatch) => void): number {
    const scanner = this.#scanner;
    const cursor = records.walk();
    this.#maxEventTimeMs = Number.NEGATIVE_INFINITY;
    scanner.use(records.bytes);
    this.#scanned.begin(records.bytes);
    while (cursor.next()) {
      scanner.at = cursor.valueStart;
      scanner.end = cursor.valueEnd;
      if (scanner.at < 0) this.undecodable += 1;
      else if (!this.#scan()) this.#parse(records.bytes.subarray(cursor.valueStart, cursor.valueEnd), emit);
      else if (this.#parsed.rowCount > 0) this.#flushParsed(emit);
      if (this.#scanned.selectedCount === this.#maxBatchRows) this.#flushScanned(emit);
    }
    this.#flushParsed(emit);
    this.#flushScanned(emit);
    return this.#maxEventTimeMs;
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

  /** Takes the slow path for one record. */
  #parse(value: Uint8Array, emit: (batch: ColumnBatch) => void): void {
    this.slowRecords += 1;
    const record = parseRecord(this.#format, value);
    if (record === null) {
      this.undecodable += 1;
      return;
    }
    this.#maxEventTimeMs = Math.max(this.#maxEventTimeMs, record.eventTimeMs);
    if (!this.#programs[record.variant.tag]!.wanted) return;
    this.#flushScanned(emit);
    this.#addParsed(record);
    if (this.#parsed.rowCount >= this.#maxBatchRows) this.#flushParsed(emit);
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

  #flushScanned(emit: (batch: ColumnBatch) => void): void {
    if (this.#scanned.selectedCount > 0) emit(this.#scanned);
    this.#scanned.begin(this.#scanner.bytes);
  }

  #flushParsed(emit: (batch: ColumnBatch) => void): void {
    if (this.#parsed.rowCount > 0) emit(this.#parsed);
    this.#parsed.clear();
  }
}
