import { EXIT, type ExitCode } from "./exit-codes.ts";

/** Every error code of Faultline, with the exit code that a command ends with when the error reaches the top. */
export const ERROR_CODES = {
  internal: EXIT.internal,
  "assertion-failed": EXIT.internal,
  usage: EXIT.usage,
  "config-invalid": EXIT.usage,
  "config-unreadable": EXIT.usage,
  "job-invalid": EXIT.usage,
  "query-unknown": EXIT.usage,
  "query-undefined-on-data": EXIT.usage,
  "results-unreadable": EXIT.usage,
  "java-missing": EXIT.environment,
  "maven-missing": EXIT.environment,
  "registry-unreachable": EXIT.environment,
  "artifact-corrupt": EXIT.environment,
  "port-unavailable": EXIT.environment,
  "output-unwritable": EXIT.environment,
  "disk-full": EXIT.environment,
  "service-start-failed": EXIT.environment,
  "kafka-unreachable": EXIT.environment,
  "cluster-missing": EXIT.environment,
  "kafka-unsupported": EXIT.environment,
  "kafka-protocol": EXIT.runFailed,
  "kafka-corrupt": EXIT.runFailed,
  "kafka-record-too-large": EXIT.runFailed,
  "kafka-unknown-topic": EXIT.runFailed,
  "kafka-compressed": EXIT.runFailed,
  "kafka-timeout": EXIT.runFailed,
  "kafka-closed": EXIT.runFailed,
  "kafka-offset-out-of-range": EXIT.runFailed,
  "kafka-fenced": EXIT.runFailed,
  "transaction-lost": EXIT.runFailed,
  "snapshot-corrupt": EXIT.runFailed,
  "snapshot-missing": EXIT.runFailed,
  "snapshot-too-large": EXIT.runFailed,
  "checkpoint-failed": EXIT.runFailed,
  "cluster-protocol": EXIT.runFailed,
  "worker-lost": EXIT.runFailed,
  "job-failed": EXIT.runFailed,
  "system-failed": EXIT.runFailed,
  "feeder-failed": EXIT.runFailed,
  "observer-failed": EXIT.runFailed,
  "run-failed": EXIT.runFailed,
  "replicas-diverged": EXIT.runFailed,
  "epoch-too-large": EXIT.runFailed,
  "spill-failed": EXIT.runFailed,
  "guarantee-violated": EXIT.runFailed,
  "run-invalid": EXIT.runInvalid,
  "threshold-crossed": EXIT.threshold,
  interrupted: EXIT.interrupted,
  terminated: EXIT.terminated,
} as const satisfies Record<string, ExitCode>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorDetails {
  /** What the reader can do about it, one sentence. */
  readonly hint?: string;
  /** Facts that belong to the error: names, numbers, paths. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error class. `code` is from the table, `hint` says what to do, `context` carries facts, `cause` what lies beneath. */
export class FaultlineError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "FaultlineError";
    this.code = code;
    this.hint = details.hint;
    this.context = details.context ?? {};
  }

  get exitCode(): ExitCode {
    return ERROR_CODES[this.code];
  }
}

/** The error as a FaultlineError: itself, or wrapped with `code` (default `internal`). */
export function asFaultlineError(error: unknown, code: ErrorCode = "internal"): FaultlineError {
  if (error instanceof FaultlineError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new FaultlineError(code, message, { cause: error });
}

/** The system error code (`ENOENT`, `ECONNREFUSED` …) of an error of Node, or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
