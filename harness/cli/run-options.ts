import type { Argv } from "yargs";
import { FaultlineError } from "../../base/errors.ts";
import { type Arguments, flagOption, textOption, textsOption } from "./command.ts";
import type { SessionOptions } from "./sweep-session.ts";

/** Options that `run`, `sweep` and `capacity` share. */
export function withRunOptions(parser: Argv): Argv {
  return parser
    .option("out", { type: "string", requiresArg: true, describe: "Results folder (default reports/<name>-<time>)" })
    .option("dry-run", { type: "boolean", describe: "Print the plan and its estimated time, run nothing" })
    .option("json", { type: "boolean", describe: "One JSON line per run on stdout" })
    .option("color", { type: "boolean", default: true, describe: "--no-color: no colours (NO_COLOR too)" });
}

/** Their values. What is resumed goes on in its own folder. */
export function sessionOptions(args: Arguments): SessionOptions {
  return {
    out: textOption(args, "out") ?? textOption(args, "resume"),
    dryRun: flagOption(args, "dry-run"),
    json: flagOption(args, "json"),
    noColor: args.color === false,
  };
}

/** The results folder to go on with where no config is given. `usage` without one, or with settings that would change it. */
export function resumedFolder(args: Arguments, example: string, what: string): string {
  const resume = textOption(args, "resume");
  if (resume === undefined) {
    throw new FaultlineError("usage", `which config? for example: ${example}`, {
      hint: `Or continue an interrupted ${what} with --resume DIR.`,
    });
  }
  if (textsOption(args, "set").length > 0) {
    throw new FaultlineError("usage", `--set cannot change a ${what} that is resumed`, { hint: "Start a new one." });
  }
  return resume;
}
