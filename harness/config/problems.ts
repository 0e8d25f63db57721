import type { z } from "zod";
import { FaultlineError } from "../../base/errors.ts";
import { nearest } from "./nearest.ts";
import { formatPath, type Path, valueAt } from "./paths.ts";
import { knownKeys } from "./schema-keys.ts";

/** One thing wrong with a config. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

/** A problem with the place where the user wrote it. */
export interface LocatedProblem {
  /** `file:line:col`, or `--set load.rate=0`. */
  readonly where: string;
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

/** The problems behind the issues of a failed parse of `raw`. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], raw: unknown, schema: z.ZodType): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(schema, path, key));
    return [{ path, ...describe(issue, valueAt(raw, path)) }];
  });
}

function unknownKey(schema: z.ZodType, parent: Path, key: string): Problem {
  const known = knownKeys(schema, parent);
  const meant = nearest(key, known);
  const hint = meant === null ? `known here: ${known.join(", ")}` : `did you mean "${meant}"?`;
  return { path: [...parent, key], message: `unknown setting "${key}"`, hint };
}

function describe(issue: z.core.$ZodIssue, found: unknown): { message: string; hint?: string } {
  const shown = found === undefined ? "nothing" : JSON.stringify(found);
  switch (issue.code) {
    case "invalid_type":
      if (found === undefined) return { message: "missing", hint: `give ${nameOfType(issue.expected)}` };
      return { message: `expected ${nameOfType(issue.expected)}, found ${shown}` };
    case "invalid_value":
      return choice(issue.values.map(String), found, shown);
    case "invalid_union":
      if ("options" in issue && Array.isArray(issue.options)) return choice(issue.options.map(String), found, shown);
      return { message: `expected text or a number, found ${shown}` };
    case "too_small":
      return { message: `${bound(issue.origin, issue.minimum, "at least")}, found ${shown}` };
    case "too_big":
      return { message: `${bound(issue.origin, issue.maximum, "at most")}, found ${shown}` };
    default: {
      const [message, hint] = issue.message.split("\n", 2);
      return hint === undefined ? { message: message ?? "" } : { message: message ?? "", hint };
    }
  }
}

function bound(origin: string, limit: number | bigint, word: string): string {
  const unit = origin === "array" ? " entries" : origin === "string" ? " characters" : "";
  return `must be ${word} ${limit}${unit}`;
}

function choice(options: readonly string[], found: unknown, shown: string): { message: string; hint?: string } {
  const message = `expected ${options.join(" or ")}, found ${shown}`;
  const meant = typeof found === "string" ? nearest(found, options) : null;
  return meant === null ? { message } : { message, hint: `did you mean "${meant}"?` };
}

function nameOfType(expected: string): string {
  if (expected === "int") return "a whole number";
  if (expected === "object" || expected === "record") return "a mapping";
  if (expected === "array") return "a list";
  if (expected === "string") return "text";
  if (expected === "boolean") return "true or false";
  return `a ${expected}`;
}

/** All problems as one `config-invalid` error: one line each, `where path: message (hint)`. */
export function configError(file: string, problems: readonly LocatedProblem[]): FaultlineError {
  const lines = problems.map(({ where, path, message, hint }) => {
    const subject = path === "" ? message : `${path}: ${message}`;
    return `${where} ${subject}${hint === undefined ? "" : ` (${hint})`}`;
  });
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return new FaultlineError("config-invalid", `${count} in ${file}:\n  ${lines.join("\n  ")}`, {
    context: { problems },
  });
}

/** A problem for a path given as text. */
export function problemAt(path: Path, message: string, hint?: string): Problem {
  return hint === undefined ? { path, message } : { path, message, hint };
}

export function locateProblem(problem: Problem, where: string): LocatedProblem {
  const { path, message, hint } = problem;
  return { where, path: formatPath(path), message, ...(hint === undefined ? {} : { hint }) };
}
