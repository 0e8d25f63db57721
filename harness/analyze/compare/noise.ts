import { Random } from "../../../base/random.ts";
import { shiftOfPairs } from "../statistics/hodges-lehmann.ts";
import { median } from "../statistics/median.ts";
import { normalQuantile } from "../statistics/normal.ts";
import { leastSignedRankP, signedRankTest } from "../statistics/signed-rank.ts";
import { studentQuantile } from "../statistics/student-t.ts";
import type { Campaign } from "./campaign.ts";
import { METRICS, type Metric } from "./metrics.ts";
import { samplesOf } from "./series.ts";
import { sideOf } from "./side.ts";

/** Numbers of repetitions that are recommended; beyond the last one a comparison is no longer practical. */
const LADDER = [6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64];
const SIMULATED = 400;
/** Scales the median absolute deviation to the standard deviation of a normal distribution. */
const MAD_SCALE = 1.4826;

export interface NoiseOptions {
  /** The slow-down that shall be found, 0.15 … */
  readonly effect: number;
  /** … so often. */
  readonly power: number;
  readonly level: number;
  readonly gates: readonly string[] | null;
  readonly seed: number;
}

/** What equal runs of one cell differ by in one metric. Shares of the median. */
export interface NoiseRow {
  readonly cell: string;
  readonly metric: Metric;
  readonly gate: boolean;
  readonly runs: number;
  readonly median: number;
  /** Robust relative standard deviation within a campaign. */
  readonly spread: number;
  /** Largest over smallest median of a campaign, − 1; null of one campaign. */
  readonly between: number | null;
  /** Least change that a comparison with as many blocks as there are runs finds with 80 %; null: none. */
  readonly minimumDetectable: number | null;
  /** Blocks of both sides in turns with which the wanted effect is found; null: more than 64. */
  readonly recommended: number | null;
}

/**
 * The machine's floor: how far runs of the same thing lie apart, and how many repetitions a comparison block by block needs. Differences are
 * those of runs that followed each other, as the two sides of a block do. Metrics without three valid runs are left out.
 */
export function noiseOf(campaigns: readonly Campaign[], options: NoiseOptions): readonly NoiseRow[] {
  const series = campaigns.flatMap((campaign) => [
    ...sideOf(campaign, { folder: campaign.folder, axes: {} }).cells.values(),
  ]);
  const cells = [...Map.groupBy(series, ({ label }) => label)];
  const isGate = ({ name, gates }: Metric) => (options.gates === null ? gates : options.gates.includes(name));
  const found = cells.flatMap(([label, parts]) =>
    METRICS.flatMap((metric) => {
      const values = parts.map(({ runs }) =>
        samplesOf(inOrder(runs), (run) => metric.of(run)?.value ?? null).map((s) => s.value),
      );
      return values.flat().length < 3 ? [] : [{ cell: label, metric, gate: isGate(metric), values }];
    }),
  );
  // As `bench compare` adjusts: over the gates, with a row for all cells where there are several.
  const gates = found.filter(({ gate }) => gate);
  const overAll = cells.length > 1 ? new Set(gates.map(({ metric }) => metric)).size : 0;
  const level = options.level / Math.max(1, gates.length + overAll);
  return found.map(({ cell, metric, gate, values }) => ({
    cell,
    metric,
    gate,
    ...rowOf(values, metric, { ...options, level }),
  }));
}

function inOrder<T extends { readonly run: { readonly order: number } }>(runs: readonly T[]): readonly T[] {
  return [...runs].sort((x, y) => x.run.order - y.run.order);
}

function rowOf(campaigns: readonly (readonly number[])[], { margin }: Metric, options: NoiseOptions) {
  const filled = campaigns.filter((values) => values.length > 0);
  const logs = filled.map((values) => values.map(Math.log));
  const centred = logs.flatMap((values) => values.map((value) => value - median(values)!));
  const differences = logs.flatMap((values) => values.slice(1).map((value, i) => value - values[i]!));
  const medians = filled.map((values) => median(values)!);
  const runs = filled.flat().length;
  return {
    runs,
    median: median(filled.flat())!,
    spread: MAD_SCALE * median(centred.map(Math.abs))!,
    between: medians.length < 2 ? null : Math.max(...medians) / Math.min(...medians) - 1,
    minimumDetectable: detectableWith(runs, differences, margin, options.level),
    recommended: recommendedRepetitions(differences, { ...options, margin }),
  };
}

function detectableWith(blocks: number, differences: readonly number[], margin: number, level: number): number | null {
  if (leastSignedRankP(blocks) > level || differences.length < 2) return null;
  const squares = differences.reduce((sum, difference) => sum + difference ** 2, 0);
  const error = Math.sqrt(squares / differences.length / blocks);
  const reach = studentQuantile(1 - level / 2, blocks - 1) * error;
  return Math.expm1(Math.max(reach, Math.log1p(margin)) + normalQuantile(0.8) * error);
}

/**
 * The least number of blocks with which a slow-down of `effect` is called worse with the wanted power, by simulation: differences of equal
 * runs (logarithms) are drawn with either sign, the effect is added, and the rule of `judge` is applied, its interval apart. null: above 64.
 */
export function recommendedRepetitions(
  differences: readonly number[],
  { effect, power, level, margin, seed }: Omit<NoiseOptions, "gates"> & { readonly margin: number },
): number | null {
  if (differences.length < 2 || effect <= margin) return null;
  // A sample's own spread is too small by that much.
  const widened = Math.sqrt(differences.length / (differences.length - 1));
  const isEnough = (blocks: number) => {
    const random = new Random(seed);
    const drawn = new Array<number>(blocks).fill(0);
    let found = 0;
    for (let i = 0; i < SIMULATED; i++) {
      for (let block = 0; block < blocks; block++) {
        const difference = differences[random.below(differences.length)]! * widened;
        drawn[block] = (random.below(2) === 0 ? difference : -difference) + Math.log1p(effect);
      }
      if (signedRankTest(drawn).p <= level && shiftOfPairs(drawn) > Math.log1p(margin)) found++;
    }
    return found >= power * SIMULATED;
  };
  return LADDER.find((blocks) => leastSignedRankP(blocks) <= level && isEnough(blocks)) ?? null;
}
