import type { Argv } from "yargs";
import { programName } from "../../base/command-line.ts";
import type { Command } from "./command.ts";

/** Wider lines are hard to read, narrower ones cannot hold an option and its type. */
const WIDEST = 110;
const NARROWEST = 60;
const INDENT = "  ";

/** How wide `--help` is on a terminal of so many columns. */
export function helpWidth(columns: number): number {
  return Math.min(WIDEST, Math.max(NARROWEST, columns));
}

/** The options of a command, and its examples for the end of its `--help`. */
export function withExamples(parser: Argv, { examples = [], options }: Command, width: number): Argv {
  // yargs puts them into two columns, which breaks most of ours.
  return options(examples.length === 0 ? parser : parser.epilogue(`${exampleText(examples, width)}\n`));
}

/** Each meaning as a comment above its command line, which can be copied as it stands: one too long is broken as a shell allows it. */
function exampleText(examples: NonNullable<Command["examples"]>, width: number): string {
  const entries = examples.map(([line, meaning]) => {
    const typed = brokenLine(`${programName()} ${line}`, width - INDENT.length);
    return [`# ${meaning}`, ...typed].map((part) => `${INDENT}${part}`).join("\n");
  });
  return ["Examples:", ...entries].join("\n");
}

/** At spaces, best before an option, with a backslash at the end of all lines but the last. */
function brokenLine(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const room = line.slice(0, width - " \\".length + 1);
  const at = [room.lastIndexOf(" --"), room.lastIndexOf(" ")].find((place) => place > INDENT.length);
  if (at === undefined) return [line];
  return [`${line.slice(0, at)} \\`, ...brokenLine(`${INDENT}${line.slice(at + 1)}`, width)];
}

/** yargs leaves no room between a description that fills its column and the type; the help was laid out one column narrower. */
export function spacedTypes(help: string): string {
  return help.replace(/(?<=[^\s[])(?=\[(?:string|number|boolean|array|required|choices: .*|default: .*)\])/g, " ");
}
