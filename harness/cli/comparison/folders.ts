import { FaultlineError } from "../../../base/errors.ts";
import { readCampaign } from "../../analyze/compare/campaign.ts";
import { type Comparison, compareSides } from "../../analyze/compare/comparison.ts";
import { type Difference, differencesBetween } from "../../analyze/compare/differences.ts";
import { commonCells } from "../../analyze/compare/series.ts";
import { parseOperand, type Side, sideOf } from "../../analyze/compare/side.ts";
import { differenceLines, NO_COMMON_CELL } from "./difference-words.ts";

const RESAMPLES = 2_000;
const LEVEL = 0.05;

export interface FolderComparison {
  /** Where a folder of an operand is. */
  readonly folderOf: (folder: string) => string;
  /** Metrics of which a regression counts; null: those that gate by default. */
  readonly gates: readonly string[] | null;
  /** Kinds of differences that are no reason to refuse. */
  readonly allowed: readonly string[];
  /** Two variants of one folder are paired in any case. */
  readonly paired: boolean;
  readonly seed: number;
}

/** Compares two results folders, or cells of them (`DIR@axis=value,…`). Throws `usage` with a list of all in which they differ and should not. */
export async function compareFolders(
  operands: { readonly a: string; readonly b: string },
  { folderOf, gates, allowed, paired, seed }: FolderComparison,
): Promise<Comparison> {
  const read = async (text: string): Promise<Side> => {
    const { folder, axes } = parseOperand(text);
    return sideOf({ ...(await readCampaign(folderOf(folder))), folder }, { folder, axes });
  };
  const [a, b] = await Promise.all([read(operands.a), read(operands.b)]);
  const isOne = folderOf(a.campaign.folder) === folderOf(b.campaign.folder);
  const differences = allowedDifferences(a, b, allowed);
  return compareSides(a, b, { gates, paired: paired || isOne, seed, resamples: RESAMPLES, level: LEVEL }, differences);
}

function allowedDifferences(a: Side, b: Side, allowed: readonly string[]): readonly Difference[] {
  const differences = differencesBetween(a, b);
  const refused = differences.filter(({ kind }) => !allowed.includes(kind));
  if (refused.length === 0) return differences;
  const kinds = [...new Set(refused.map(({ kind }) => kind))];
  throw new FaultlineError(
    "usage",
    `these campaigns are not alike:\n${differenceLines(refused)
      .map((line) => `  ${line}`)
      .join("\n")}`,
    {
      hint:
        commonCells(a, b).length === 0
          ? NO_COMMON_CELL
          : `If that is what you want to compare, add ${kinds.map((kind) => `--allow ${kind}`).join(" ")}.`,
      context: { differences: refused },
    },
  );
}
