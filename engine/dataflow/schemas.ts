import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { RowSchema } from "../rows/schema.ts";

/** Have both the same fields, types and order? */
export function sameSchema(a: RowSchema, b: RowSchema): boolean {
  return (
    a.fields.length === b.fields.length &&
    a.fields.every((field, i) => field.name === b.fields[i]!.name && field.type === b.fields[i]!.type)
  );
}

/** Index of a field that is held as numbers; `job-invalid` for others. */
export function numericField(schema: RowSchema, name: string): number {
  const index = schema.index(name);
  if (schema.fields[index]!.type !== "string") return index;
  throw new FaultlineError("job-invalid", `field "${name}" is a string where a number is needed`);
}

/** Runs `build` and puts the operator's name before the message of what it throws. */
export function inOperator<T>(id: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    const cause = asFaultlineError(error);
    const hint = cause.hint === undefined ? {} : { hint: cause.hint };
    throw new FaultlineError(cause.code, `operator "${id}": ${cause.message}`, { ...hint, cause });
  }
}

/** The error for a graph that cannot run because of operator `id`. */
export function invalid(id: string, problem: string, hint?: string): FaultlineError {
  return new FaultlineError("job-invalid", `operator "${id}": ${problem}`, hint === undefined ? {} : { hint });
}
