import { benchLine } from "../../../base/command-line.ts";
import { type Command, textOption, textsOption, withSet } from "../command.ts";
import { resumedFolder, sessionOptions, withRunOptions } from "../run-options.ts";

/** `bench capacity`: the greatest rate that one cell of a config sustains. */
export const capacityCommand: Command = {
  usage: "capacity [config]",
  summary: "Search the greatest rate that is sustained, and write the report",
  examples: [
    ["capacity configs/latency.yaml --set query=q0 --set load.rate=20k/s", "capacity of q0"],
    ["capacity configs/capacity.yaml --set capacity.precision=0.2", "a coarse answer, quickly"],
  ],
  options: (parser) =>
    withRunOptions(withSet(parser))
      .positional("config", { type: "string", describe: "YAML config; its load is constant, load.rate is tried first" })
      .option("cell", { type: "string", requiresArg: true, describe: "Cell of a config with axes, by id" })
      .option("resume", { type: "string", requiresArg: true, describe: "Continue the search of this results folder" }),
  async run(args, io) {
    const { loadSweep } = await import("../../config/load.ts");
    const { onlyCell } = await import("../../config/only-cell.ts");
    const { executeCapacity } = await import("../capacity-session.ts");
    const { resumedSweep } = await import("../sweep-session.ts");
    const file = textOption(args, "config");
    const options = sessionOptions(args);
    if (file !== undefined) {
      const sweep = onlyCell(
        await loadSweep(file, textsOption(args, "set"), io.cwd),
        textOption(args, "cell"),
        "capacity",
      );
      return executeCapacity(sweep, options, io);
    }
    const resume = resumedFolder(args, benchLine`capacity configs/capacity.yaml`, "search");
    return executeCapacity(await resumedSweep(resume, io, "capacity"), options, io);
  },
};
