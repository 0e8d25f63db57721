import { resolve } from "node:path";
import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import type { ExitCode } from "../../../base/exit-codes.ts";
import { type Arguments, type Command, countOption, flagOption, textOption, textsOption } from "../command.ts";
import { type Io, useColor } from "../io.ts";
import { withTurns } from "./nightly.ts";

/** `bench compare A B`: is B worse than A? Exit code 6 when it is, 5 when the runs cannot tell. */
export const compareCommand: Command = {
  usage: "compare <a> <b> [config]",
  summary: "Compare two results folders, two variants of one, or two commits: worse, better, same, cannot tell",
  examples: [
    ["compare reports/before reports/after", "two campaigns of the same config"],
    ["compare reports/x@variant=none reports/x@variant=default", "two variants of one sweep, block by block"],
    ["compare --commits v1.2 . configs/smoke.yaml --blocks 8", "is this checkout slower than a tag?"],
  ],
  options: (parser) =>
    withTurns(parser)
      .positional("a", { type: "string", describe: "Results folder, or cells of it: DIR@axis=value,…" })
      .positional("b", { type: "string", describe: "The other side, written likewise" })
      .option("gate", {
        type: "string",
        array: true,
        nargs: 1,
        describe:
          "Metric of which a regression counts (repeatable; default p50, p99, cpu, and gap, catch-up of faults)",
      })
      .option("allow", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "Compare though this differs: config, rate, version, machine, cells (repeatable)",
      })
      .option("paired", {
        type: "boolean",
        describe: "Runs of A and B took turns: block by block (default for two variants of one folder)",
      })
      .positional("config", { type: "string", describe: "With --commits: what both run" })
      .option("commits", {
        type: "boolean",
        conflicts: ["paired", "allow"],
        describe: "A and B are commits (. is this checkout) that run CONFIG in turns, each from a tree of its own",
      })
      .option("cell", { type: "string", requiresArg: true, implies: "commits", describe: "Only this cell of CONFIG" })
      .option("json", { type: "boolean", describe: "One JSON object on stdout" })
      .option("markdown", { type: "boolean", conflicts: "json", describe: "Markdown on stdout" })
      .option("color", { type: "boolean", default: true, describe: "--no-color: no colours (NO_COLOR too)" })
      .epilogue("Exit codes: 0 no regression, 6 a gate is worse, 5 the runs cannot tell, 2 the sides are not alike."),
  run: compare,
};

async function compare(args: Arguments, io: Io): Promise<ExitCode> {
  const [{ compareFolders }, { outcomeOf }, { METRIC_NAMES }, { DIFFERENCE_KINDS }] = await Promise.all([
    import("../comparison/folders.ts"),
    import("../../analyze/compare/outcome.ts"),
    import("../../analyze/compare/metrics.ts"),
    import("../../analyze/compare/differences.ts"),
  ]);
  const gates = chosenNames(args, "gate", METRIC_NAMES);
  if (flagOption(args, "commits")) return compareTwoCommits(gates, args, io);
  if (textOption(args, "config") !== undefined) {
    throw new FaultlineError("usage", "a config is for commits only", { hint: "Add --commits, or give two folders." });
  }
  const comparison = await compareFolders(
    { a: textOption(args, "a") ?? "", b: textOption(args, "b") ?? "" },
    {
      folderOf: (folder) => resolve(io.cwd, folder),
      gates: gates.length === 0 ? null : gates,
      allowed: chosenNames(args, "allow", DIFFERENCE_KINDS),
      paired: flagOption(args, "paired"),
      seed: countOption(args, "seed", 0)!,
    },
  );
  io.stdout.write(await rendered(comparison, args, io));
  return outcomeOf(comparison).exitCode;
}

async function compareTwoCommits(gates: readonly string[], args: Arguments, io: Io): Promise<ExitCode> {
  const [{ compareCommits }, { turnOptions }] = await Promise.all([
    import("../comparison/commits.ts"),
    import("../nightly/options.ts"),
  ]);
  const config = textOption(args, "config");
  if (config === undefined) {
    throw new FaultlineError("usage", "which config shall both run?", {
      hint: benchLine`compare --commits OLD NEW configs/smoke.yaml`,
    });
  }
  return compareCommits(
    {
      ...turnOptions(args),
      ...{ old: textOption(args, "a") ?? "", young: textOption(args, "b") ?? "", config },
      cell: textOption(args, "cell") ?? null,
      gates: gates.length === 0 ? null : gates,
      out: textOption(args, "out"),
      show: async (comparison) => void io.stdout.write(await rendered(comparison, args, io)),
    },
    io,
  );
}

function chosenNames(args: Arguments, option: string, names: readonly string[]): readonly string[] {
  const chosen = textsOption(args, option).flatMap((text) => text.split(","));
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown === undefined) return chosen;
  throw new FaultlineError("usage", `--${option}: there is no "${unknown}"`, {
    hint: `There are ${names.join(", ")}.`,
  });
}

async function rendered(
  comparison: Parameters<typeof import("../comparison/json.ts").comparisonJson>[0],
  args: Arguments,
  io: Io,
) {
  if (flagOption(args, "json")) {
    const { comparisonJson } = await import("../comparison/json.ts");
    return `${JSON.stringify(comparisonJson(comparison))}\n`;
  }
  if (flagOption(args, "markdown")) {
    const { comparisonMarkdown } = await import("../comparison/markdown.ts");
    return comparisonMarkdown(comparison);
  }
  const [{ comparisonText }, { makeStyle }] = await Promise.all([
    import("../comparison/text.ts"),
    import("../progress/style.ts"),
  ]);
  return comparisonText(comparison, makeStyle(useColor(io.stdout, io.env, args.color === false)));
}
