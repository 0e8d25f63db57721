import { JSONPath } from "jsonpath-plus";
import { FaultlineError } from "../../../base/errors.ts";

/** A step that would have to be evaluated: `(…)` or `?(…)`. */
const SCRIPT = /^\??\(/;

/**
 * A JSONPath, compiled once: gives what `document` has there, or undefined where it has nothing. Where a path leads to several places
 * the answer is their list. Scripts and filters in paths are refused (`job-invalid`), as is what is no path.
 */
export function compileJsonPath(path: string): (document: unknown) => unknown {
  if (typeof path !== "string" || !path.startsWith("$")) throw invalid(path, "a path starts with $");
  try {
    const steps = JSONPath.toPathArray(path);
    if (steps.some((step) => SCRIPT.test(step))) throw new Error("scripts and filters are not allowed");
    const find = (document: unknown): unknown =>
      typeof document === "object" && document !== null
        ? JSONPath({ path: [...steps], json: document, wrap: false, eval: false })
        : undefined;
    return find;
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error));
  }
}

function invalid(path: string, why: string): FaultlineError {
  return new FaultlineError("job-invalid", `rule with JSONPath ${JSON.stringify(path)}: ${why}`);
}
