import { FaultlineError } from "./errors.ts";

/** Throws `assertion-failed` unless `condition` holds. For contracts between our own parts, never for user input. */
export function assert(
  condition: unknown,
  message: string,
  context?: Readonly<Record<string, unknown>>,
): asserts condition {
  if (!condition) throw new FaultlineError("assertion-failed", message, context === undefined ? {} : { context });
}

/** The value, or `assertion-failed` when it is null or undefined. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new FaultlineError("assertion-failed", `${what} is missing`);
  return value;
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never, what: string): never {
  throw new FaultlineError("assertion-failed", `unexpected ${what}: ${JSON.stringify(value)}`);
}
