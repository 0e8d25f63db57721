import { FaultlineError } from "../../../base/errors.ts";
import type { LogRecords } from "../../ports.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import { BatchBuilder } from "../../rows/batch-builder.ts";
import { type Field, RowSchema } from "../../rows/schema.ts";
import type { RecordDecoder } from "../format.ts";

/** A record as `JSON.parse` reads it. */
export type JsonDocument = Readonly<Record<string, unknown>>;

interface JsonDocumentOptions {
  /** Fields of the record that become columns: strings and integers. Records without one of them, or with another type, are undecodable. */
  readonly fields: readonly Field[];
  /** Name of one more column, a string: the whole record as JSON text without white space. */
  readonly document: string;
  /** Field with the event time, epoch ms. */
  readonly eventTime: string;
  /** Further demands on a record; what fails them is undecodable. */
  readonly accepts: (document: JsonDocument) => boolean;
}

/**
 * Schema and decoder of a source of JSON objects of any shape that are carried whole. Parses every record: for streams of control
 * messages, not for the hot path (`jsonSource` is).
 */
export function jsonDocuments(options: JsonDocumentOptions): {
  readonly schema: RowSchema;
  readonly decoder: (maxBatchRows: number) => RecordDecoder;
} {
  const { fields, document, eventTime } = options;
  const time = fields.find(({ name }) => name === eventTime);
  if (time === undefined || time.type === "string") {
    throw new FaultlineError("job-invalid", `"${eventTime}" is no numeric field of the documents`);
  }
  const schema = new RowSchema([...fields, { name: document, type: "string" }]);
  return { schema, decoder: (maxBatchRows) => new DocumentDecoder(options, schema, maxBatchRows) };
}

class DocumentDecoder implements RecordDecoder {
  undecodable = 0;
  readonly #options: JsonDocumentOptions;
  readonly #rows: BatchBuilder;
  readonly #maxBatchRows: number;
  readonly #text = new TextDecoder("utf-8", { fatal: true });

  constructor(options: JsonDocumentOptions, schema: RowSchema, maxBatchRows: number) {
    this.#options = options;
    this.#rows = new BatchBuilder(schema);
    this.#maxBatchRows = maxBatchRows;
  }

  decode(records: LogRecords, emit: (batch: ColumnBatch) => void): number {
    let latestMs = Number.NEGATIVE_INFINITY;
    for (const cursor = records.walk(); cursor.next(); ) {
      const { valueStart, valueEnd } = cursor;
      const document = valueStart < 0 ? null : this.#parse(records.bytes.subarray(valueStart, valueEnd));
      if (document === null) {
        this.undecodable += 1;
        continue;
      }
      const eventTimeMs = document[this.#options.eventTime] as number;
      latestMs = Math.max(latestMs, eventTimeMs);
      this.#add(document, eventTimeMs);
      if (this.#rows.rowCount >= this.#maxBatchRows) this.#flush(emit);
    }
    this.#flush(emit);
    return latestMs;
  }

  #parse(value: Uint8Array): JsonDocument | null {
    let parsed: unknown;
    try {
      parsed = JSON.parse(this.#text.decode(value));
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof TypeError) return null; // not JSON, not UTF-8: counted
      throw error;
    }
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null;
    const document = parsed as JsonDocument;
    const complete = this.#options.fields.every(({ name, type }) => {
      const value = Object.hasOwn(document, name) ? document[name] : undefined;
      return type === "string" ? typeof value === "string" : Number.isSafeInteger(value);
    });
    return complete && this.#options.accepts(document) ? document : null;
  }

  #add(document: JsonDocument, eventTimeMs: number): void {
    const { fields } = this.#options;
    this.#rows.addRow(eventTimeMs);
    fields.forEach(({ name, type }, index) => {
      if (type === "string") this.#rows.setText(index, document[name] as string);
      else this.#rows.setNumber(index, (document[name] as number) * (type === "decimal3" ? 1000 : 1));
    });
    this.#rows.setText(fields.length, JSON.stringify(document));
  }

  #flush(emit: (batch: ColumnBatch) => void): void {
    if (this.#rows.rowCount > 0) emit(this.#rows);
    this.#rows.clear();
  }
}
