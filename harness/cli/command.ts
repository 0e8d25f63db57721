import type { Argv } from "yargs";
import { FaultlineError } from "../../base/errors.ts";
import type { ExitCode } from "../../base/exit-codes.ts";
import type { Io } from "./io.ts";

/** Parsed options and positionals by name. */
export type Arguments = Readonly<Record<string, unknown>>;

/** One command of the CLI. `run` imports what it needs, so that `--help` stays quick. */
export interface Command {
  /** As yargs writes it: `sweep <config>`. */
  readonly usage: string;
  readonly summary: string;
  /** Command lines, without the program's name, and what they are good for. */
  readonly examples?: readonly (readonly [line: string, meaning: string])[];
  options(parser: Argv): Argv;
  run(args: Arguments, io: Io): Promise<ExitCode>;
}

export function textOption(args: Arguments, name: string): string | undefined {
  const value = args[name];
  if (value === undefined || typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  throw new FaultlineError("usage", `--${name} may be given once, with a value`);
}

export function textsOption(args: Arguments, name: string): readonly string[] {
  const value = args[name] ?? [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

export function flagOption(args: Arguments, name: string): boolean {
  return args[name] === true;
}

/** A whole number of at least `least`. */
export function countOption(args: Arguments, name: string, least: number): number | undefined {
  const value = args[name];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
  const found = typeof value === "number" && !Number.isNaN(value) ? `, not ${value}` : "";
  throw new FaultlineError("usage", `--${name} must be a whole number of at least ${least}${found}`);
}

/** `--set path=value`, repeatable. `requiresArg` with `string` keeps `--set a=1` text. */
export function withSet(parser: Argv): Argv {
  return parser.option("set", {
    type: "string",
    array: true,
    nargs: 1,
    describe: "Override a setting: path=value (repeatable, recorded)",
  });
}
