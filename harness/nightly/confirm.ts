import { asFaultlineError } from "../../base/errors.ts";
import type { Comparison } from "../analyze/compare/comparison.ts";
import { shortCommit } from "./commit-range.ts";
import type { HistoryRow } from "./history-row.ts";
import { interleave } from "./interleave.ts";
import type { JudgedNumber, Suspect } from "./judge-night.ts";
import { type CommitRunner, HERE } from "./runner.ts";

export interface ConfirmOptions {
  readonly config: string;
  readonly blocks: number;
  readonly seed: number;
  /** Where the turns of a cell go. */
  readonly folderOf: (cell: string) => string;
  readonly isOver: () => boolean;
  readonly notice: (text: string) => void;
}

/** A suspicion, looked into. `comparison`: null where nothing could be compared, and `why`. */
export interface Examined {
  readonly judged: JudgedNumber & { readonly suspect: Suspect };
  readonly outcome: Extract<HistoryRow["outcome"], "confirmed" | "not-confirmed" | "unclear">;
  readonly comparison: Comparison | null;
  readonly why: string;
}

/** Lets the commit before and this checkout take turns, cell by cell: one examination for all metrics that accuse the same pair. */
export async function examine(
  suspects: readonly Examined["judged"][],
  runner: CommitRunner,
  options: ConfirmOptions,
): Promise<readonly Examined[]> {
  const groups = Map.groupBy(suspects, ({ row, suspect }) => JSON.stringify([row.cell, suspect.before.commit]));
  const examined: Examined[] = [];
  for (const group of groups.values()) examined.push(...(await examineCell(group, runner, options)));
  return examined;
}

async function examineCell(
  group: readonly Examined["judged"][],
  runner: CommitRunner,
  options: ConfirmOptions,
): Promise<Examined[]> {
  const [first] = group as [Examined["judged"]];
  const { cell } = first.row;
  const old = first.suspect.before.commit;
  const without = (why: string) =>
    group.map((judged) => ({ judged, outcome: "unclear" as const, comparison: null, why }));
  if (old === null) return without("nobody knows the commit of the nights before");
  if (options.isOver()) return without("there was no time left to look into it");
  const metrics = group.map(({ row }) => row.metric);
  options.notice(`${metrics.join(", ")} of ${cell}: ${shortCommit(old)} and this checkout take turns`);
  let comparison: Comparison | null;
  try {
    const [before, now] = [await runner.checkout(old), await runner.checkout(HERE)];
    const { config, blocks, seed, folderOf, isOver } = options;
    comparison = await interleave({
      blocks,
      seed,
      gates: metrics,
      run: ({ side, block }) => {
        // One cell may be looked into against two commits.
        const folder = `${folderOf(cell)}/${shortCommit(old)}/${side}-${block + 1}`;
        return runner.run(side === "old" ? before : now, { config, cell, folder });
      },
      isOver,
    });
  } catch (error) {
    const { code, message } = asFaultlineError(error);
    // An old commit that does not install or run proves nothing about the new one.
    if (code === "interrupted" || code === "internal") throw error;
    return without(message);
  }
  if (comparison === null) return without("not one block came to its end");
  const compared = comparison;
  return group.map((judged) => ({ judged, comparison: compared, ...verdictOn(judged, compared) }));
}

function verdictOn({ row: { metric } }: JudgedNumber, { rows }: Comparison): Pick<Examined, "outcome" | "why"> {
  const row = rows.find((one) => one.metric.name === metric);
  if (row === undefined) return { outcome: "unclear", why: "no valid run has a number" };
  if (row.verdict === "worse") return { outcome: "confirmed", why: "worse in turns too" };
  if (row.verdict === "cannot tell") return { outcome: "unclear", why: "the turns could not tell" };
  return { outcome: "not-confirmed", why: `${row.verdict} in turns` };
}
