import { asFaultlineError, type FaultlineError } from "../../base/errors.ts";
import type { Sink } from "./io.ts";

/** Prints `error[code]: message` and `hint: …`, or one JSON object with `--json`. Returns the exit code that the error asks for. */
export function reportError(error: unknown, stderr: Sink, json: boolean, debug: boolean): FaultlineError["exitCode"] {
  const known = asFaultlineError(error);
  stderr.write(json ? `${JSON.stringify({ error: describe(known) })}\n` : plain(known, debug));
  return known.exitCode;
}

function describe(error: FaultlineError): Record<string, unknown> {
  const { code, message, hint, context, exitCode } = error;
  return { code, message, ...(hint === undefined ? {} : { hint }), context, exitCode };
}

function plain(error: FaultlineError, debug: boolean): string {
  const hint = error.hint === undefined ? "" : `hint: ${error.hint}\n`;
  // A stack is for defects of ours, or when it was asked for.
  const stack = debug || error.exitCode === 1 ? `${stackOf(error)}\n` : "";
  return `error[${error.code}]: ${error.message}\n${hint}${stack}`;
}

function stackOf(error: unknown): string {
  const lines: string[] = [];
  for (let cause: unknown = error; cause instanceof Error && lines.length < 5; cause = cause.cause) {
    lines.push(cause.stack ?? cause.message);
  }
  return lines.join("\ncaused by: ");
}
