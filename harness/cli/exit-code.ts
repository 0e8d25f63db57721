import { EXIT, type ExitCode } from "../../base/exit-codes.ts";
import type { RunResult } from "../sweep/model.ts";

/** 4 when any run failed, else 5 when any is invalid or there is none, else 0. */
export function exitCodeOf(results: readonly RunResult[]): ExitCode {
  if (results.some((result) => result.state === "failed")) return EXIT.runFailed;
  if (results.length === 0 || results.some((result) => result.state === "invalid")) return EXIT.runInvalid;
  return EXIT.ok;
}
