import { resolve } from "node:path";
import { wallClockMs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import type { ExitCode } from "../../../base/exit-codes.ts";
import type { Comparison } from "../../analyze/compare/comparison.ts";
import { outcomeOf } from "../../analyze/compare/outcome.ts";
import { readConfig } from "../../config/load.ts";
import { interleave } from "../../nightly/interleave.ts";
import { resultsFolderName } from "../../sweep/manifest.ts";
import type { Io } from "../io.ts";
import type { TurnOptions } from "../nightly/options.ts";
import { withRunner } from "../nightly/with-runner.ts";

export interface CommitsOptions extends TurnOptions {
  readonly old: string;
  readonly young: string;
  readonly config: string;
  /** null: all cells of the config. */
  readonly cell: string | null;
  readonly gates: readonly string[] | null;
  readonly out: string | undefined;
  readonly show: (comparison: Comparison) => Promise<void>;
}

/** Runs two commits in turns, block by block, from trees of their own, and compares them. */
export async function compareCommits(options: CommitsOptions, io: Io): Promise<ExitCode> {
  const { old, young, config, cell, gates, blocks, seed, limitMs, show } = options;
  const out = options.out ?? `reports/${resultsFolderName("commits", wallClockMs())}`;
  await readConfig(resolve(io.cwd, config), config); // before two commits are installed for nothing
  return withRunner(limitMs, io, async ({ runner, isOver, notice }) => {
    const sides = { old: await runner.checkout(old), new: await runner.checkout(young) };
    const comparison = await interleave({
      blocks,
      seed,
      gates,
      run: ({ side, block }) => {
        notice(`block ${block + 1} of ${blocks}: ${side === "old" ? old : young}`);
        return runner.run(sides[side], { config, cell, folder: `${out}/${side}-${block + 1}` });
      },
      isOver,
    });
    if (comparison === null) throw new FaultlineError("run-invalid", "not one block came to its end");
    await show(comparison);
    return outcomeOf(comparison).exitCode;
  });
}
