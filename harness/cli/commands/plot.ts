import { FaultlineError } from "../../../base/errors.ts";
import { EXIT, type ExitCode } from "../../../base/exit-codes.ts";
import type { FigureFormat } from "../../report/figures/formats.ts";
import { type Arguments, type Command, flagOption, textOption, textsOption } from "../command.ts";
import type { Io } from "../io.ts";

/** The figure that several folders are drawn in together. */
const OF_SEVERAL = "scalability";

/** `bench plot DIR`: figures of stored results, in the format wanted, without running anything. */
export const plotCommand: Command = {
  usage: "plot <dir..>",
  summary: "Draw figures of a results folder as SVG, PNG or PDF, with their data, from what is stored",
  examples: [
    ["plot reports/reference/latency --figure throughput-latency --format pdf", "one figure for a paper"],
    ["plot reports/reference/recovery --format png --out slides", "all of them for slides"],
  ],
  options: (parser) =>
    parser
      .positional("dir", {
        type: "string",
        array: true,
        describe: "Results folder; several of bench capacity: their scalability",
      })
      .option("figure", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "Kind of figure, or a single one by its file name (repeatable; default: all that there are data for)",
      })
      .option("format", { choices: ["svg", "png", "pdf"], default: "svg", describe: "Format of the files" })
      .option("out", { type: "string", requiresArg: true, describe: "Folder for the files (default <dir>/plots)" })
      .option("json", { type: "boolean", describe: "One JSON object on stdout" })
      .epilogue(
        "Figures are derived from raw/ and the manifest, as analyze does; where only such are named that results tell, and without raw/, " +
          "from runs.jsonl. " +
          "An unknown name lists all there are.\nExit codes: 0 drawn, 5 no data for what was asked, 2 no such figure.",
      ),
  run: plot,
};

async function plot(args: Arguments, io: Io): Promise<ExitCode> {
  const [{ join, resolve }, { storedCampaign, storedResults }, { areOfResults, chosenFigures }, { plotCampaign }] =
    await Promise.all([
      import("node:path"),
      import("../../analyze/stored-campaign.ts"),
      import("../../report/figures/choose.ts"),
      import("../../report/plot.ts"),
    ]);
  const [directory, ...further] = textsOption(args, "dir");
  if (directory === undefined) throw new FaultlineError("usage", "which results folder?");
  const names = figureNames(args, further.length > 0);
  const read = areOfResults(names) ? storedResults : storedCampaign;
  const first = await read(resolve(io.cwd, directory));
  const others = [];
  for (const other of further) others.push(await read(resolve(io.cwd, other)));
  const { figures, missing } = chosenFigures({ ...first, others }, names);
  const out = textOption(args, "out") ?? join(directory, "plots");
  const files = await plotCampaign(first, figures, args.format as FigureFormat, resolve(io.cwd, out));
  if (flagOption(args, "json")) {
    const drawn = files.map(({ id, file, data }) => ({ figure: id, file: join(out, file), data: join(out, data) }));
    io.stdout.write(`${JSON.stringify({ version: 1, results: `sha256:${first.hash}`, drawn, missing })}\n`);
  } else {
    for (const { file } of files) io.stdout.write(`${join(out, file)}\n`);
    for (const { name, why } of missing) io.stderr.write(`no ${name}: ${why}\n`);
  }
  // What was asked for by name must be there; of all figures no folder has every one.
  const isAll = files.length > 0 && (names.length === 0 || missing.length === 0);
  return isAll ? EXIT.ok : EXIT.runInvalid;
}

function figureNames(args: Arguments, hasSeveral: boolean): readonly string[] {
  const names = textsOption(args, "figure");
  if (!hasSeveral) return names;
  if (names.every((name) => name === OF_SEVERAL)) return [OF_SEVERAL];
  throw new FaultlineError("usage", `several folders are drawn together in ${OF_SEVERAL} only`, {
    hint: "Plot one folder at a time.",
  });
}
