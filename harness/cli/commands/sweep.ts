import { benchLine } from "../../../base/command-line.ts";
import { type Command, textOption, textsOption, withSet } from "../command.ts";
import { resumedFolder, sessionOptions, withRunOptions } from "../run-options.ts";

/** `bench sweep`: every cell of a config, its repetitions in random blocks, and the report. */
export const sweepCommand: Command = {
  usage: "sweep [config]",
  summary: "Run every cell of a config and write the report",
  examples: [
    ["sweep configs/latency.yaml", "latency of three queries at three rates"],
    ["sweep configs/latency.yaml --set load.duration=30s --dry-run", "what a longer one would do"],
  ],
  options: (parser) =>
    withRunOptions(withSet(parser))
      .positional("config", { type: "string", describe: "YAML config, for example configs/latency.yaml" })
      .option("resume", { type: "string", requiresArg: true, describe: "Continue the sweep of this results folder" }),
  async run(args, io) {
    const { loadSweep } = await import("../../config/load.ts");
    const { executeSweep, resumedSweep } = await import("../sweep-session.ts");
    const file = textOption(args, "config");
    const options = sessionOptions(args);
    if (file !== undefined) {
      return executeSweep(await loadSweep(file, textsOption(args, "set"), io.cwd), options, io);
    }
    const resume = resumedFolder(args, benchLine`sweep configs/latency.yaml`, "sweep");
    return executeSweep(await resumedSweep(resume, io), options, io);
  },
};
