import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { FaultlineError } from "../../../base/errors.ts";
import type { RunResult } from "../../sweep/model.ts";
import { type Command, flagOption, textOption } from "../command.ts";

/** `bench analyze DIR`: everything derived of a results folder, made again from its raw data. */
export const analyzeCommand: Command = {
  usage: "analyze <dir>",
  summary: "Rebuild tables, figures and report of a results folder from its raw data",
  options: (parser) =>
    parser
      .positional("dir", { type: "string", describe: "Results folder" })
      .option("json", { type: "boolean", describe: "One JSON line per run on stdout" })
      .option("color", { type: "boolean", default: true, describe: "--no-color: no colours (NO_COLOR too)" }),
  async run(args, io) {
    const directory = textOption(args, "dir");
    if (directory === undefined) throw new FaultlineError("usage", "which results folder?");
    const [{ printOutcome }, { exitCodeOf }] = await Promise.all([
      import("../progress/outcome.ts"),
      import("../exit-code.ts"),
    ]);
    const results = await analyzeAlone(resolve(io.cwd, directory));
    printOutcome(results, directory, { json: flagOption(args, "json"), noColor: args.color === false }, io);
    return exitCodeOf(results);
  },
};

/** Rebuilds the folder while nobody else writes to it. */
async function analyzeAlone(directory: string): Promise<readonly RunResult[]> {
  const [{ analyzeSweep }, { lockFolder }, { readManifest }] = await Promise.all([
    import("../../analyze/analyze.ts"),
    import("../../sweep/folder-lock.ts"),
    import("../../sweep/store.ts"),
  ]);
  // What is no results folder gets no lock file; the analysis says what it misses.
  if ((await readManifest(directory)) === null) return analyzeSweep(directory);
  const unlock = await lockFolder(directory);
  try {
    if (existsSync(join(directory, "raw"))) await refuseLosses(directory); // without it the analysis says so itself
    return await analyzeSweep(directory);
  } finally {
    await unlock();
  }
}

async function refuseLosses(directory: string): Promise<void> {
  const [{ readIfPresent }, { finishedRuns }, { refuseLoss }] = await Promise.all([
    import("../../sweep/files.ts"),
    import("../../sweep/store.ts"),
    import("../../sweep/lost-runs.ts"),
  ]);
  refuseLoss(directory, finishedRuns((await readIfPresent(join(directory, "runs.jsonl"))) ?? ""));
}
