import { statSync } from "node:fs";
import { resolve } from "node:path";
import { wallClockMs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { EXIT, type ExitCode } from "../../../base/exit-codes.ts";
import type { NoiseOptions, NoiseRow } from "../../analyze/compare/noise.ts";
import { type Arguments, type Command, countOption, flagOption, textOption, textsOption, withSet } from "../command.ts";
import { type Io, useColor } from "../io.ts";

/** `bench noise FILE`: runs of the same thing again and again, and what they differ by. */
export const noiseCommand: Command = {
  usage: "noise <target..>",
  summary: "Measure the machine's noise floor: how far equal runs lie apart, how many repetitions are needed",
  examples: [
    ["noise configs/smoke.yaml", "12 runs of each cell, and what they say"],
    ["noise reports/monday reports/tuesday", "what is measured already, and how far days lie apart"],
  ],
  options: (parser) =>
    withSet(parser)
      .positional("target", { type: "string", array: true, describe: "A config to run, or results folders to read" })
      .option("repetitions", { type: "number", requiresArg: true, describe: "Runs of each cell (default 12)" })
      .option("effect", { type: "number", requiresArg: true, default: 15, describe: "Slow-down to be found, in %" })
      .option("out", {
        type: "string",
        requiresArg: true,
        describe: "Results folder (default reports/noise-<name>-<time>)",
      })
      .option("dry-run", { type: "boolean", describe: "Print the plan and its estimated time, run nothing" })
      .option("json", { type: "boolean", describe: "One JSON object on stdout" })
      .option("color", { type: "boolean", default: true, describe: "--no-color: no colours (NO_COLOR too)" }),
  async run(args, io) {
    const targets = textsOption(args, "target");
    const [first, ...others] = targets;
    if (first === undefined) throw new FaultlineError("usage", "which config, or which results folders?");
    if (isFolder(resolve(io.cwd, first))) return tell(targets, args, io);
    if (others.length > 0) {
      throw new FaultlineError("usage", `noise runs one config, or reads results folders; ${first} is no folder`);
    }
    return runAndTell(first, args, io);
  },
};

async function runAndTell(file: string, args: Arguments, io: Io): Promise<ExitCode> {
  const [{ loadSweep }, { executeSweep }, { resultsFolderName }] = await Promise.all([
    import("../../config/load.ts"),
    import("../sweep-session.ts"),
    import("../../sweep/manifest.ts"),
  ]);
  const repetitions = countOption(args, "repetitions", 3) ?? 12;
  const sweep = await loadSweep(file, [...textsOption(args, "set"), `repetitions=${repetitions}`], io.cwd);
  const out = textOption(args, "out") ?? `reports/${resultsFolderName(`noise-${sweep.config.name}`, wallClockMs())}`;
  const dryRun = flagOption(args, "dry-run");
  const code = await executeSweep(sweep, { out, dryRun, json: false, noColor: args.color === false }, io);
  // Invalid runs are part of the floor: they are counted out, not a reason to say nothing.
  const goesOn = !dryRun && (code === EXIT.ok || code === EXIT.runInvalid);
  return goesOn ? tell([out], args, io) : code;
}

async function tell(folders: readonly string[], args: Arguments, io: Io): Promise<ExitCode> {
  const [{ readCampaign }, { noiseOf }, { noiseText }, { makeStyle }] = await Promise.all([
    import("../../analyze/compare/campaign.ts"),
    import("../../analyze/compare/noise.ts"),
    import("../comparison/noise-text.ts"),
    import("../progress/style.ts"),
  ]);
  const campaigns = await Promise.all(folders.map((folder) => readCampaign(resolve(io.cwd, folder))));
  const effect = countOption(args, "effect", 1)! / 100;
  const options: NoiseOptions = { effect, power: 0.95, level: 0.05, gates: null, seed: 1 };
  const rows = noiseOf(campaigns, options);
  const style = makeStyle(useColor(io.stdout, io.env, args.color === false));
  io.stdout.write(
    flagOption(args, "json") ? `${JSON.stringify(noiseJson(rows, options))}\n` : noiseText(rows, options, style),
  );
  return rows.length === 0 ? EXIT.runInvalid : EXIT.ok;
}

function noiseJson(rows: readonly NoiseRow[], { effect, power, level }: NoiseOptions) {
  return {
    version: 1,
    effect,
    power,
    level,
    rows: rows.map(({ metric, minimumDetectable, recommended, ...row }) => ({
      ...row,
      metric: metric.name,
      unit: metric.unit,
      minimumDetectableChange: minimumDetectable,
      recommendedBlocks: recommended,
    })),
  };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
