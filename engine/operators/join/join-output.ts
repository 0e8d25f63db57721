import type { RowCollector } from "../../rows/batch-builder.ts";
import type { Row } from "../../rows/row.ts";
import { type Field, RowSchema } from "../../rows/schema.ts";

/** Fields of a joined row: those named of the left row, then those of the right; `[name, newName]` renames. */
export interface JoinSelection {
  readonly left?: readonly (string | readonly [string, string])[];
  readonly right?: readonly (string | readonly [string, string])[];
}

/** Schema of joined rows, and which input fields they take. */
export interface JoinOutput {
  readonly schema: RowSchema;
  readonly left: readonly number[];
  readonly right: readonly number[];
}

/** Binds a selection to the inputs' schemas, with `more` fields at the end; `job-invalid` on unknown fields and equal names. */
export function joinOutput(
  left: RowSchema,
  right: RowSchema,
  selection: JoinSelection,
  more: readonly Field[] = [],
): JoinOutput {
  const pairs = (side: JoinSelection["left"]) =>
    (side ?? []).map((field) => (typeof field === "string" ? ([field, field] as const) : field));
  const named = (schema: RowSchema, side: JoinSelection["left"]) =>
    pairs(side).map(([from, name]): Field => ({ name, type: schema.fields[schema.index(from)]!.type }));
  return {
    schema: new RowSchema([...named(left, selection.left), ...named(right, selection.right), ...more]),
    left: pairs(selection.left).map(([from]) => left.index(from)),
    right: pairs(selection.right).map(([from]) => right.index(from)),
  };
}

/** Sets the joined fields of the row being made. */
export function writeJoined(out: RowCollector, { left, right }: JoinOutput, leftRow: Row, rightRow: Row): void {
  for (let i = 0; i < left.length; i++) out.copy(i, leftRow, left[i]!);
  for (let i = 0; i < right.length; i++) out.copy(left.length + i, rightRow, right[i]!);
}
