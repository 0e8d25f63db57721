import { FaultlineError } from "../../../base/errors.ts";
import type { ColumnBatch, NumberColumn, StringColumn } from "../../rows/batch.ts";
import { copyBytes } from "../../rows/bytes.ts";
import type { Field, RowSchema } from "../../rows/schema.ts";
import { decodeText } from "../../rows/text.ts";
import type { RowEncoder } from "../format.ts";
import { MAX_NUMBER_BYTES, writeDouble, writeInteger, writeThousandths } from "./numbers.ts";

const QUOTE = 0x22;
const NULL = new TextEncoder().encode("null");

interface Step {
  readonly before: Uint8Array;
  readonly field: Field;
  readonly column: number;
  /** The string is JSON text that becomes the value itself. */
  readonly isJson: boolean;
}

/**
 * Makes the encoders of a sink of nested JSON: a field `a.b` is member `b` of object `a`; fields of one object must be neighbours. The
 * strings named in `json` are JSON texts, written as the values that they say. Two levels.
 */
export function nestedJsonEncoder(schema: RowSchema, json: readonly string[] = []): () => RowEncoder {
  for (const name of json) {
    if (schema.fields[schema.index(name)]!.type === "string") continue;
    throw new FaultlineError("job-invalid", `field "${name}" is no string that could be JSON text`);
  }
  const { steps, end } = stepsOf(schema, new Set(json));
  return () => new NestedJsonEncoder(steps, end);
}

function stepsOf(schema: RowSchema, json: ReadonlySet<string>): { readonly steps: Step[]; readonly end: Uint8Array } {
  const encoder = new TextEncoder();
  const closed = new Set<string>();
  let open: string | null = null;
  const steps = schema.fields.map((field, column): Step => {
    const dot = field.name.indexOf(".");
    const parent = dot < 0 ? null : field.name.slice(0, dot);
    let before = column === 0 ? "{" : ",";
    if (parent !== open) {
      if (open !== null) before = `}${before}`;
      if (parent !== null) {
        if (closed.has(parent)) throw new FaultlineError("job-invalid", `fields of "${parent}" are not neighbours`);
        closed.add(parent);
        before += `${JSON.stringify(parent)}:{`;
      }
    }
    open = parent;
    before += `${JSON.stringify(field.name.slice(dot + 1))}:`;
    return { before: encoder.encode(before), field, column, isJson: json.has(field.name) };
  });
  return { steps, end: encoder.encode(open === null ? "}" : "}}") };
}

class NestedJsonEncoder implements RowEncoder {
  readonly #steps: readonly Step[];
  readonly #end: Uint8Array;
  readonly #fixedBytes: number;
  readonly #encoder = new TextEncoder();

  constructor(steps: readonly Step[], end: Uint8Array) {
    this.#steps = steps;
    this.#end = end;
    this.#fixedBytes = steps.reduce((sum, { before }) => sum + before.length + MAX_NUMBER_BYTES, end.length);
  }

  maxBytes(batch: ColumnBatch, row: number): number {
    let bytes = this.#fixedBytes;
    for (const { column } of this.#steps) {
      const values = batch.columns[column]!;
      if (values.kind === "string") bytes += Math.max(values.lengths[row]!, 0);
    }
    return bytes;
  }

  encode(batch: ColumnBatch, row: number, target: Uint8Array, at: number): number {
    let end = at;
    for (const step of this.#steps) {
      copyBytes(target, end, step.before, 0, step.before.length);
      end += step.before.length;
      const values = batch.columns[step.column]!;
      end =
        values.kind === "string"
          ? this.#string(values, row, step.isJson, target, end)
          : writeNumber(values, row, step.field, target, end);
    }
    copyBytes(target, end, this.#end, 0, this.#end.length);
    return end + this.#end.length;
  }

  #string({ bytes, offsets, lengths }: StringColumn, row: number, isJson: boolean, target: Uint8Array, at: number) {
    const length = lengths[row]!;
    if (length < 0) return writeNull(target, at);
    if (isJson) {
      const text = decodeText(bytes, offsets[row]!, length);
      return at + this.#encoder.encodeInto(text, target.subarray(at)).written;
    }
    target[at] = QUOTE;
    copyBytes(target, at + 1, bytes, offsets[row]!, length);
    target[at + 1 + length] = QUOTE;
    return at + length + 2;
  }
}

function writeNumber(column: NumberColumn, row: number, { type }: Field, target: Uint8Array, at: number): number {
  if (column.nulls !== null && column.nulls[row] === 1) return writeNull(target, at);
  const value = column.values[row]!;
  if (type === "f64") return Number.isFinite(value) ? writeDouble(target, at, value) : writeNull(target, at);
  return type === "decimal3" ? writeThousandths(target, at, value) : writeInteger(target, at, value);
}

function writeNull(target: Uint8Array, at: number): number {
  copyBytes(target, at, NULL, 0, NULL.length);
  return at + NULL.length;
}
