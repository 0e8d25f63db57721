import { FaultlineError } from "../../base/errors.ts";
import { type JoinSelection, joinOutput } from "../operators/join/join-output.ts";
import { RowKeys } from "../operators/keyed-rows.ts";
import { LookupJoinOperator } from "../operators/lookup-join.ts";
import type { SideTable } from "../operators/side-table.ts";
import { KeyCodec } from "../rows/key.ts";
import type { RowSchema } from "../rows/schema.ts";

export interface LookupJoinOptions {
  /** Pairs of a row's field and the table's field that must be equal. */
  readonly on: readonly (readonly [field: string, tableField: string])[];
  /** `left`: fields of the row, `right`: of the table. */
  readonly select: JoinSelection;
  /** `inner` unless given. `left`: rows without match go on with NULLs. */
  readonly type?: "inner" | "left";
}

/** See `Stream.lookupJoin`. */
export function lookupJoin(
  input: RowSchema,
  table: SideTable,
  { on, select, type = "inner" }: LookupJoinOptions,
): { readonly schema: RowSchema; readonly create: () => LookupJoinOperator } {
  const fields = on.map(([field]) => field);
  const tableFields = on.map(([, field]) => field);
  const joined = joinOutput(input, table.schema, select);
  const [one, other] = [typesOf(input, fields), typesOf(table.schema, tableFields)];
  if (on.length === 0 || one !== other) {
    throw new FaultlineError("job-invalid", `the rows' fields (${one}) are looked up in the table's (${other})`, {
      hint: "both sides need the same number of fields, at least one, of the same types",
    });
  }
  const create = () => {
    const tableKeys = new KeyCodec(table.schema, tableFields);
    const settings = { table, keys: new RowKeys(input, fields), tableKeys, keepsAll: type === "left", joined };
    return new LookupJoinOperator(settings);
  };
  return { schema: joined.schema, create };
}

function typesOf(schema: RowSchema, names: readonly string[]): string {
  return names.map((name) => schema.fields[schema.index(name)]!.type).join(", ");
}
