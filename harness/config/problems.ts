import type { z } from "zod";
import { benchLine } from "../../base/command-line.ts";
import { FaultlineError } from "../../base/errors.ts";
import { nearest } from "./nearest.ts";
import { formatPath, type Path, valueAt } from "./paths.ts";
import { knownKeys } from "./schema-keys.ts";
import { clipped, printable, shown } from "./shown.ts";

const MOST_PROBLEMS = 50;
const MOST_CHARACTERS = 500;
/** Of a mapping that is shown as an example. */
const MOST_KEYS = 3;

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
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(schema, path, key, raw));
    const meant = issue.code === "invalid_union" ? meantAlternative(issue.errors) : null;
    if (meant !== null) {
      const placed = meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
      return problemsOf(placed, raw, schema);
    }
    return [
      {
        path,
        ...describe(issue, valueAt(raw, path)),
        ...mappingHint(issue, schema, path, raw),
        ...colonHint(path, raw),
      },
    ];
  });
}

/** The issues of the only alternative of a union that the value can be meant for, being of its type; or null. */
function meantAlternative(alternatives: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | null {
  const fitting = alternatives.filter((issues) => !issues.some((issue) => expectedAtRoot(issue).length > 0));
  return fitting.length === 1 ? fitting[0]! : null;
}

/** What an alternative wants instead, where the value is of another type altogether. */
function expectedAtRoot(issue: z.core.$ZodIssue): string[] {
  if (issue.path.length > 0) return [];
  if (issue.code === "invalid_value") return issue.values.map(String);
  return issue.code === "invalid_type" ? [nameOfType(issue.expected)] : [];
}

function unknownKey(schema: z.ZodType, parent: Path, key: string, raw: unknown): Problem {
  // One of another alternative is unknown here.
  const known = knownKeys(schema, parent, raw).filter((one) => one !== key);
  const meant = nearest(key, known);
  const hint = meant === null ? `known here: ${known.join(", ")}` : `did you mean "${meant}"?`;
  return { path: [...parent, key], message: `unknown setting ${shown(key)}`, hint };
}

function describe(issue: z.core.$ZodIssue, found: unknown): { message: string; hint?: string } {
  const text = shown(found);
  switch (issue.code) {
    case "invalid_type":
      if (found === undefined) return { message: "missing", hint: missingHint(issue.path, issue.expected) };
      return { message: `expected ${nameOfType(issue.expected)}, found ${text}`, ...listHint(issue.expected, found) };
    case "invalid_value":
      return choice(issue.values.map(String), found, text);
    case "invalid_union":
      if ("options" in issue && Array.isArray(issue.options)) return choice(issue.options.map(String), found, text);
      return alternatives(issue.errors.flat().flatMap(expectedAtRoot), found, text);
    case "too_small":
      return { message: `${bound(issue.origin, issue.minimum, "at least")}, found ${text}` };
    case "too_big":
      return { message: `${bound(issue.origin, issue.maximum, "at most")}, found ${text}` };
    default: {
      const [message, hint] = issue.message.split("\n", 2);
      return hint === undefined ? { message: message ?? "" } : { message: message ?? "", hint };
    }
  }
}

function alternatives(names: readonly string[], found: unknown, text: string): { message: string; hint?: string } {
  return found === undefined ? { message: "missing", hint: `give ${names.join(" or ")}` } : choice(names, found, text);
}

/** `{kind:kill}` is in YAML a mapping with the key `kind:kill`. */
function colonHint(path: Path, raw: unknown): { hint?: string } {
  const parent = valueAt(raw, path.slice(0, -1));
  if (valueAt(raw, path) !== undefined || typeof parent !== "object" || parent === null) return {};
  const meant = Object.keys(parent).find((key) => key.startsWith(`${path.at(-1)}:`));
  return meant === undefined ? {} : { hint: `YAML wants a blank behind the colon: ${meant.replace(":", ": ")}` };
}

/** What a mapping holds, where something else was written. */
function mappingHint(issue: z.core.$ZodIssue, schema: z.ZodType, path: Path, raw: unknown): { hint?: string } {
  if (issue.code !== "invalid_type" || issue.expected !== "object" || valueAt(raw, path) === undefined) return {};
  const keys = knownKeys(schema, path);
  if (keys.length === 0) return {};
  const shownKeys = keys.slice(0, MOST_KEYS).map((key) => `${key}: …`);
  return { hint: `write {${[...shownKeys, ...(keys.length > MOST_KEYS ? ["…"] : [])].join(", ")}}` };
}

/** How a single value becomes a list. */
function listHint(expected: string, found: unknown): { hint?: string } {
  const isSingle = typeof found === "string" || typeof found === "number";
  if (expected !== "array") return {};
  if (isSingle) return { hint: `write a list in brackets: [${shown(found)}]` };
  return typeof found === "object" && found !== null ? { hint: "write a list in brackets: [{…}]" } : {};
}

function missingHint(path: readonly PropertyKey[], expected: string): string {
  return path.join(".") === "query" ? "for example `query: q0`" : `give ${nameOfType(expected)}`;
}

function bound(origin: string, limit: number | bigint, word: string): string {
  const isOne = Number(limit) === 1;
  if (origin === "array") return `must have ${word} ${limit} ${isOne ? "entry" : "entries"}`;
  if (origin === "string") return `must have ${word} ${limit} ${isOne ? "character" : "characters"}`;
  return `must be ${word} ${limit}`;
}

function choice(options: readonly string[], found: unknown, text: string): { message: string; hint?: string } {
  const message = `expected ${options.join(" or ")}, found ${text}`;
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
  const lines = problems.slice(0, MOST_PROBLEMS).map(({ where, path, message, hint }) => {
    const subject = path === "" ? message : `${clipped(path, 100)}: ${message}`;
    return clipped(printable(`${where} ${subject}${hint === undefined ? "" : ` (${hint})`}`), MOST_CHARACTERS);
  });
  if (problems.length > lines.length) lines.push(`and ${problems.length - lines.length} more`);
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return new FaultlineError("config-invalid", `${count} in ${file}:\n  ${lines.join("\n  ")}`, {
    context: { problems },
    hint: `${benchLine`init`} writes a config with every setting, its meaning and its default.`,
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
