import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { type Command, textOption, textsOption, withSet } from "../command.ts";
import { sessionOptions, withRunOptions } from "../run-options.ts";

/** `bench run`: one cell. A config with axes needs `--cell`, or `--set` for every axis. */
export const runCommand: Command = {
  usage: "run <config>",
  summary: "Run one cell of a config and write the report",
  examples: [
    ["run configs/latency.yaml --cell q5-rate-5000", "one cell of a sweep"],
    ["run configs/smoke.yaml --set query=q2", "axes fixed by --set"],
  ],
  options: (parser) =>
    withRunOptions(withSet(parser))
      .positional("config", { type: "string", describe: "YAML config, for example configs/smoke.yaml" })
      .option("cell", { type: "string", requiresArg: true, describe: "Cell of a config with axes, by id" }),
  async run(args, io) {
    const { loadSweep } = await import("../../config/load.ts");
    const { onlyCell } = await import("../../config/only-cell.ts");
    const { executeSweep } = await import("../sweep-session.ts");
    const file = textOption(args, "config");
    if (file === undefined)
      throw new FaultlineError("usage", `which config? for example: ${benchLine`run configs/smoke.yaml`}`);
    const sweep = onlyCell(await loadSweep(file, textsOption(args, "set"), io.cwd), textOption(args, "cell"));
    return executeSweep(sweep, sessionOptions(args), io);
  },
};
