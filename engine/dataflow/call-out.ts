import { FaultlineError } from "../../base/errors.ts";
import { type CallOutFunction, CallOutOperator, type CallOutSettings } from "../operators/call-out.ts";
import type { SideOutput } from "../operators/side-output.ts";
import { RowSchema } from "../rows/schema.ts";
import { sameSchema } from "./schemas.ts";

/** See `CallOutSettings`. */
export interface CallOutOptions {
  readonly endpoint: string;
  /** Default 100. */
  readonly maxInFlight?: number;
  /** Default true. */
  readonly ordered?: boolean;
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** Default 3. */
  readonly retries?: number;
  /** Default 100 ms. */
  readonly backoffMs?: number;
  /** Rows whose last attempt failed, with the fields `failedSchema` gives; without it such a row fails the job. */
  readonly failed?: SideOutput;
}

/** Fields of the side output for rows that no call succeeded for: the input's, then `error`. */
export function failedSchema(input: RowSchema): RowSchema {
  return new RowSchema([...input.fields, { name: "error", type: "string" }]);
}

/** Settings with their defaults; `job-invalid` when they cannot work. */
function settingsOf(input: RowSchema, options: CallOutOptions): CallOutSettings {
  const { endpoint, maxInFlight = 100, ordered = true, timeoutMs = 10_000, retries = 3, backoffMs = 100 } = options;
  const whole = { maxInFlight, timeoutMs, retries, backoffMs };
  const least = { maxInFlight: 1, timeoutMs: 1, retries: 0, backoffMs: 0 };
  for (const name of Object.keys(whole) as (keyof typeof whole)[]) {
    if (Number.isSafeInteger(whole[name]) && whole[name] >= least[name]) continue;
    throw new FaultlineError("job-invalid", `${name} is ${whole[name]}`, {
      hint: `an integer of at least ${least[name]} is needed`,
    });
  }
  const { failed = null } = options;
  if (failed !== null && !sameSchema(failed.schema, failedSchema(input))) {
    throw new FaultlineError("job-invalid", `the side output "${failed.tag}" has not the fields of failed rows`, {
      hint: "make its schema with failedSchema()",
    });
  }
  return { endpoint, maxInFlight, ordered, timeoutMs, retries, backoffMs, failed };
}

/** See `Stream.callOut`. */
export function callOutOperator(
  input: RowSchema,
  schema: RowSchema,
  options: CallOutOptions,
  create: () => CallOutFunction,
): () => CallOutOperator {
  const settings = settingsOf(input, options);
  return () => new CallOutOperator(input, schema, create, settings);
}
