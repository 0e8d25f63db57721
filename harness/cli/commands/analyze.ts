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
    await refuseLoss(directory);
    return await analyzeSweep(directory);
  } finally {
    await unlock();
  }
}

/** Results whose raw data are gone cannot be made again: to write runs.jsonl anew would lose them. Throws `results-unreadable`. */
async function refuseLoss(directory: string): Promise<void> {
  const [{ readIfPresent }, { finishedRuns }, { runFiles }] = await Promise.all([
    import("../../sweep/files.ts"),
    import("../../sweep/store.ts"),
    import("../../analyze/results-folder.ts"),
  ]);
  const finished = finishedRuns((await readIfPresent(join(directory, "runs.jsonl"))) ?? "");
  if (!existsSync(join(directory, "raw"))) return; // the analysis says so itself
  const lost = [...finished.keys()].filter((id) => !existsSync(runFiles(directory, id).record));
  if (lost.length === 0) return;
  const shown = `${lost.slice(0, 3).join(", ")}${lost.length > 3 ? ", …" : ""}`;
  throw new FaultlineError(
    "results-unreadable",
    `${directory}: raw/ has no data of ${lost.length} of ${finished.size} runs in runs.jsonl (${shown})`,
    {
      hint: "Their results would be lost. Bring raw/ back; or move runs.jsonl away, to go on without these runs.",
    },
  );
}
