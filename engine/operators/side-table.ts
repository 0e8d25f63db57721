import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { BatchBuilder, type RowCollector } from "../rows/batch-builder.ts";
import type { FieldType, RowSchema } from "../rows/schema.ts";
import { readCsv } from "./csv.ts";
import type { OperatorContext } from "./operator.ts";

/** A bounded table that an operator loads, in full, before it starts. */
export interface SideTable {
  readonly schema: RowSchema;
  /** More rows are an error. */
  readonly maxRows: number;
  /** Adds the rows, in the table's order. `add` begins a row and refuses one too many. */
  readonly fill: (rows: TableWriter, context: OperatorContext) => void;
}

/** Adds rows to a table; the setters of `RowCollector` set the fields of the newest. */
export type TableWriter = Omit<RowCollector, "addRow"> & { addRow(): void };

export interface TableOptions {
  /** Default 1 000 000. */
  readonly maxRows?: number;
}

const MAX_ROWS = 1_000_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** A table that is computed: `fill` adds its rows, the same ones whenever it is called. */
export function computedTable(
  schema: RowSchema,
  fill: (rows: TableWriter) => void,
  { maxRows = MAX_ROWS }: TableOptions = {},
): SideTable {
  return { schema, maxRows, fill };
}

/** A table that is written in the job: values in the order of the fields, null for NULL, text as it is. */
export function inlineTable(schema: RowSchema, rows: readonly (readonly (number | string | null)[])[]): SideTable {
  const fill = (out: TableWriter) => {
    for (const row of rows) {
      out.addRow();
      for (const [field, value] of row.entries()) setValue(out, schema, field, value);
    }
  };
  return { schema, maxRows: Math.max(MAX_ROWS, rows.length), fill };
}

/**
 * A table in a CSV file (RFC 4180, UTF-8) whose first line names the columns; those of `schema` are read, in any order. An empty value
 * without quotes is NULL. Timestamps are epoch ms. Larger files than `maxBytes` (default 64 MiB) are an error.
 */
export function csvTable(
  schema: RowSchema,
  path: string,
  { maxRows = MAX_ROWS, maxBytes = MAX_BYTES }: TableOptions & { readonly maxBytes?: number } = {},
): SideTable {
  const fill = (out: TableWriter, { files }: OperatorContext) => {
    if (files === undefined) throw new FaultlineError("job-invalid", "files cannot be read here");
    fillFromCsv(out, schema, new TextDecoder("utf-8", { fatal: true }).decode(files.read(path, maxBytes)));
  };
  return { schema, maxRows, fill };
}

/** Loads the table. `job-invalid` when it is too large or a value does not fit its field. */
export function tableRows({ schema, maxRows, fill }: SideTable, context: OperatorContext): BatchBuilder {
  const rows = new BatchBuilder(schema);
  const writer: TableWriter = {
    addRow: () => {
      if (rows.rowCount === maxRows) {
        throw new FaultlineError("job-invalid", `the table has more than ${maxRows} rows`, {
          hint: "every instance holds all of it: raise maxRows, or make it a stream and join with that",
        });
      }
      rows.addRow(0);
    },
    setNumber: (field, value) => rows.setNumber(field, value),
    setNull: (field) => rows.setNull(field),
    setText: (field, text) => rows.setText(field, text),
    setBytes: (field, bytes, start, length) => rows.setBytes(field, bytes, start, length),
    copy: (field, row, from) => rows.copy(field, row, from),
  };
  try {
    fill(writer, context);
  } catch (error) {
    throw asFaultlineError(error, "job-invalid");
  }
  return rows;
}

function setValue(out: TableWriter, { fields }: RowSchema, field: number, value: number | string | null): void {
  const { name, type } = fields[field] ?? { name: `number ${field}`, type: null };
  if (value === null) out.setNull(field);
  else if (type === "string" && typeof value === "string") out.setText(field, value);
  else if (type !== null && type !== "string" && typeof value === "number") out.setNumber(field, value);
  else throw new FaultlineError("job-invalid", `${JSON.stringify(value)} does not fit the table's field "${name}"`);
}

function fillFromCsv(out: TableWriter, schema: RowSchema, text: string): void {
  const [header, ...lines] = readCsv(text);
  const names = header?.values.map((name) => name ?? "") ?? [];
  const columns = schema.fields.map(({ name }) => {
    const column = names.indexOf(name);
    if (column >= 0) return column;
    throw new FaultlineError("job-invalid", `the table has no column "${name}"`, {
      hint: `its columns are ${names.join(", ")}`,
    });
  });
  for (const { line, values } of lines) {
    if (values.length !== names.length) {
      throw new FaultlineError(
        "job-invalid",
        `line ${line} of the table has ${values.length} values, not ${names.length}`,
      );
    }
    out.addRow();
    columns.forEach((column, field) => {
      const { name, type } = schema.fields[field]!;
      const value = values[column]!;
      setValue(out, schema, field, value === null ? null : parsed(value, type, `line ${line}, column "${name}"`));
    });
  }
}

function parsed(text: string, type: FieldType, where: string): number | string {
  if (type === "string") return text;
  const value = type === "decimal3" ? Math.round(Number(text) * 1000) : Number(text);
  const fits = type === "f64" ? Number.isFinite(value) : Number.isSafeInteger(value);
  if (fits && text.trim() !== "") return value;
  throw new FaultlineError("job-invalid", `${where} of the table: "${text}" is no ${type}`);
}
