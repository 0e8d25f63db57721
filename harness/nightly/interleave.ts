import { Random } from "../../base/random.ts";
import type { Campaign } from "../analyze/compare/campaign.ts";
import { type CompareOptions, type Comparison, compareSides } from "../analyze/compare/comparison.ts";
import { differencesBetween } from "../analyze/compare/differences.ts";
import { sideOf } from "../analyze/compare/side.ts";

export type SideName = "old" | "new";

export interface Turn {
  /** From 0. */
  readonly block: number;
  readonly side: SideName;
}

export interface Interleaving {
  readonly blocks: number;
  readonly seed: number;
  readonly gates: readonly string[] | null;
  /** Runs one turn: everything that is compared, once. */
  readonly run: (turn: Turn) => Promise<Campaign>;
  /** Asked before each block but the first: no time, or no wish, for another one? */
  readonly isOver: () => boolean;
}

const RESAMPLES = 2_000;
const LEVEL = 0.05;

/** Both sides once a block, in random order: drift of the machine strikes them alike. */
export function turnsOf(blocks: number, seed: number): readonly (readonly Turn[])[] {
  const random = new Random(seed);
  return Array.from({ length: blocks }, (_, block) =>
    random.shuffled<SideName>(["old", "new"]).map((side) => ({ block, side })),
  );
}

/**
 * Lets two sides take turns and compares them block by block. What differs between them besides the code is listed, not refused: it was
 * measured on one machine, at one time, from one config. null: not one block came to its end.
 */
export async function interleave({ blocks, seed, gates, run, isOver }: Interleaving): Promise<Comparison | null> {
  const done: Record<SideName, Campaign[]> = { old: [], new: [] };
  for (const turns of turnsOf(blocks, seed)) {
    if (done.old.length > 0 && isOver()) break;
    const campaigns = [];
    for (const turn of turns) campaigns.push({ turn, campaign: await run(turn) });
    for (const { turn, campaign } of campaigns) done[turn.side].push(inBlock(campaign, turn.block));
  }
  return compareTurns(done.old, done.new, { gates, paired: true, seed, resamples: RESAMPLES, level: LEVEL });
}

/** Compares campaigns of single blocks as one each; null without any. */
export function compareTurns(
  old: readonly Campaign[],
  young: readonly Campaign[],
  options: CompareOptions,
): Comparison | null {
  const [a, b] = [together(old), together(young)];
  if (a === null || b === null) return null;
  const [x, y] = [sideOf(a, { folder: a.folder, axes: {} }), sideOf(b, { folder: b.folder, axes: {} })];
  return compareSides(x, y, options, differencesBetween(x, y));
}

/** The campaign of one turn, as that of its block. */
export function inBlock(campaign: Campaign, block: number): Campaign {
  const results = campaign.results.map((result) => ({ ...result, run: { ...result.run, block } }));
  return { ...campaign, results };
}

function together(campaigns: readonly Campaign[]): Campaign | null {
  const [first] = campaigns;
  return first === undefined ? null : { ...first, results: campaigns.flatMap(({ results }) => results) };
}
