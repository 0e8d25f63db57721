import type { Argv } from "yargs";

/** Options that `run` and `sweep` share. */
export function withRunOptions(parser: Argv): Argv {
  return parser
    .option("out", { type: "string", requiresArg: true, describe: "Results folder (default reports/<name>-<time>)" })
    .option("dry-run", { type: "boolean", describe: "Print the plan and its estimated time, run nothing" })
    .option("json", { type: "boolean", describe: "One JSON line per run on stdout" })
    .option("color", { type: "boolean", default: true, describe: "--no-color: no colours (NO_COLOR too)" });
}
