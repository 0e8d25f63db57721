/** A thread of a campaign: is told which seeds to run, answers with their sums, until it is told no more. */
import { parentPort } from "node:worker_threads";
import { present } from "../../base/assert.ts";
import { drawMode, queriesOfSeed, type RunMode } from "./run-mode.ts";
import { runSeed } from "./run-seed.ts";
import { count, emptyTally, type Tally } from "./tally.ts";

/** Runs queries under seeds `from` … `from + seeds − 1`: those that the mode has for each. */
export interface Portion {
  readonly mode: RunMode;
  readonly queries: readonly string[];
  readonly from: number;
  readonly seeds: number;
}

const port = present(parentPort, "the thread that started this one");

async function runPortion({ mode, queries, from, seeds }: Portion): Promise<Tally> {
  const tally = emptyTally();
  for (let seed = from; seed < from + seeds; seed++) {
    for (const query of queriesOfSeed(mode, queries, seed)) count(tally, await runSeed(drawMode(mode, query, seed)));
  }
  return tally;
}

port.on("message", (portion: Portion) => {
  runPortion(portion).then(
    (tally) => port.postMessage(tally),
    (error: unknown) => {
      // Not a failed seed but a defect of the simulator: the campaign ends with it.
      throw error;
    },
  );
});
