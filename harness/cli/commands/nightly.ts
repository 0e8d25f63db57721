import type { Argv } from "yargs";
import { type Command, flagOption, textOption } from "../command.ts";

/** `bench nightly FILE`: a lane of benchmarks with a memory. */
export const nightlyCommand: Command = {
  usage: "nightly <config>",
  summary: "Run a lane, judge it by the nights before, and confirm what is suspect with old and new commit in turns",
  examples: [
    ["nightly configs/nightly.yaml", "tonight, in about a quarter of an hour"],
    ["nightly configs/nightly.yaml --accept q0-steady:p50", "that slow-down was meant"],
  ],
  options: (parser) =>
    withTurns(parser)
      .positional("config", { type: "string", describe: "YAML config, for example configs/nightly.yaml" })
      .option("history", {
        type: "string",
        requiresArg: true,
        describe: "The nights before; tonight is added (default reports/history/<name>.csv)",
      })
      .option("gate", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "Metric of which a history is kept (repeatable; default p50, cpu, and gap of faults)",
      })
      .option("self-test", {
        type: "boolean",
        describe: "Prove the alarm: this checkout against itself is quiet, and 15 % slower is found",
      })
      .option("accept", {
        type: "string",
        requiresArg: true,
        conflicts: "self-test",
        describe: "CELL:METRIC: a confirmed regression is meant; its level is the norm from now on",
      })
      .option("dry-run", { type: "boolean", describe: "Print the plan and its estimated time, run nothing" })
      .option("json", { type: "boolean", describe: "One JSON object on stdout" })
      .option("color", { type: "boolean", default: true, describe: "--no-color: no colours (NO_COLOR too)" })
      .epilogue(
        "Exit codes: 0 quiet, 4 a run failed or its outputs are wrong, 6 a confirmed regression (issue.md says which), " +
          "5 no data, or a suspicion that nobody can tell.",
      ),
  async run(args, io) {
    const [{ nightlyOptions }, { acceptRegression, runNight, runProof }] = await Promise.all([
      import("../nightly/options.ts"),
      import("../nightly/session.ts"),
    ]);
    const options = nightlyOptions(args);
    const accepted = textOption(args, "accept");
    if (accepted !== undefined) return acceptRegression(accepted, options, io);
    return flagOption(args, "self-test") ? runProof(options, io) : runNight(options, io);
  },
};

/** How two sides take turns: `bench nightly` and `bench compare --commits`. */
export function withTurns(parser: Argv): Argv {
  return parser
    .option("blocks", {
      type: "number",
      requiresArg: true,
      describe: "Turns of either side, in random order (default 12, at least 6)",
    })
    .option("limit", { type: "string", requiresArg: true, describe: "No new block after so long (default 20m)" })
    .option("seed", {
      type: "number",
      requiresArg: true,
      default: 1,
      describe: "Of the order of turns, and of the resampling",
    })
    .option("out", { type: "string", requiresArg: true, describe: "Folder for what is run (default below reports/)" });
}
