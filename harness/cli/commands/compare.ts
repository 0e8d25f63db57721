import { resolve } from "node:path";
import { FaultlineError } from "../../../base/errors.ts";
import type { ExitCode } from "../../../base/exit-codes.ts";
import type { Side } from "../../analyze/compare/side.ts";
import { type Arguments, type Command, countOption, flagOption, textOption, textsOption } from "../command.ts";
import { type Io, useColor } from "../io.ts";

const RESAMPLES = 2_000;
const LEVEL = 0.05;

/** `bench compare A B`: is B worse than A? Exit code 6 when it is, 5 when the runs cannot tell. */
export const compareCommand: Command = {
  usage: "compare <a> <b>",
  summary: "Compare two results folders, or two variants of one: worse, better, same, cannot tell",
  options: (parser) =>
    parser
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
      .option("seed", { type: "number", requiresArg: true, default: 1, describe: "Of the resampling" })
      .option("json", { type: "boolean", describe: "One JSON object on stdout" })
      .option("markdown", { type: "boolean", conflicts: "json", describe: "Markdown on stdout" })
      .option("color", { type: "boolean", default: true, describe: "--no-color: no colours (NO_COLOR too)" })
      .epilogue("Exit codes: 0 no regression, 6 a gate is worse, 5 the runs cannot tell, 2 the sides are not alike.")
      .example("$0 compare reports/before reports/after", "two campaigns of the same config")
      .example(
        "$0 compare reports/x@system=bundled reports/x@system=flink",
        "two variants of one sweep, block by block",
      ),
  run: compare,
};

async function compare(args: Arguments, io: Io): Promise<ExitCode> {
  const [{ compareSides }, { outcomeOf }, { parseOperand, sideOf }, { readCampaign }, { METRIC_NAMES }] =
    await Promise.all([
      import("../../analyze/compare/comparison.ts"),
      import("../../analyze/compare/outcome.ts"),
      import("../../analyze/compare/side.ts"),
      import("../../analyze/compare/campaign.ts"),
      import("../../analyze/compare/metrics.ts"),
    ]);
  const gates = chosenNames(args, "gate", METRIC_NAMES);
  const operands = ["a", "b"].map((name) => parseOperand(textOption(args, name) ?? ""));
  const [a, b] = (await Promise.all(
    operands.map(async ({ folder, axes }) => {
      const campaign = await readCampaign(resolve(io.cwd, folder));
      return sideOf({ ...campaign, folder }, { folder, axes });
    }),
  )) as [Side, Side];
  const isOne = resolve(io.cwd, a.campaign.folder) === resolve(io.cwd, b.campaign.folder);
  const differences = await allowedDifferences(a, b, args);
  const comparison = compareSides(
    a,
    b,
    {
      gates: gates.length === 0 ? null : gates,
      paired: flagOption(args, "paired") || isOne,
      seed: countOption(args, "seed", 0)!,
      resamples: RESAMPLES,
      level: LEVEL,
    },
    differences,
  );
  io.stdout.write(await rendered(comparison, args, io));
  return outcomeOf(comparison).exitCode;
}

/** Throws `usage` with a list of all in which the sides differ and that is not allowed. */
async function allowedDifferences(a: Side, b: Side, args: Arguments) {
  const [{ differencesBetween, DIFFERENCE_KINDS }, { differenceWords }] = await Promise.all([
    import("../../analyze/compare/differences.ts"),
    import("../comparison/words.ts"),
  ]);
  const allowed = chosenNames(args, "allow", DIFFERENCE_KINDS);
  const differences = differencesBetween(a, b);
  const refused = differences.filter(({ kind }) => !allowed.includes(kind));
  if (refused.length === 0) return differences;
  const kinds = [...new Set(refused.map(({ kind }) => kind))];
  throw new FaultlineError(
    "usage",
    `these campaigns are not alike:\n${refused.map((difference) => `  ${differenceWords(difference)}\n`).join("")}`.trimEnd(),
    {
      hint: `If that is what you want to compare, add ${kinds.map((kind) => `--allow ${kind}`).join(" ")}.`,
      context: { differences: refused },
    },
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
