import type { RowSchema } from "../../rows/schema.ts";
import type { RecordDecoder } from "../format.ts";
import { checkWireFormat, type WireFormat, wantedVariants, wireSchema } from "./wire-format.ts";

export interface WireSourceOptions {
  readonly format: WireFormat;
  /** Columns of the rows, in order: the discriminator and fields as `member.field`. Nothing else is decoded. */
  readonly fields: readonly string[];
  /** Names of the variants whose records become rows; all unless given. The event time of the others counts all the same. */
  readonly rows?: readonly string[];
}

export interface WireSource {
  readonly schema: RowSchema;
  readonly decoder: (maxBatchRows: number) => RecordDecoder;
}

/** A decoder of a `WireFormat`, whatever its records are written in. */
type DecoderClass = new (
  format: WireFormat,
  schema: RowSchema,
  rows: ReadonlySet<string>,
  maxBatchRows: number,
) => RecordDecoder;

/** Schema and decoder of a source of such records. `job-invalid` when the format has no such field or variant, or contradicts itself. */
export function wireSource({ format, fields, rows: names }: WireSourceOptions, Decoder: DecoderClass): WireSource {
  checkWireFormat(format);
  const rows = wantedVariants(format, names);
  const schema = wireSchema(format, fields);
  return { schema, decoder: (maxBatchRows) => new Decoder(format, schema, rows, maxBatchRows) };
}
