/** A thread of a campaign: is told which seeds to run, answers with their sums, until it is told no more. */
import { parentPort } from "node:worker_threads";
import { present } from "../../base/assert.ts";
import { findQuery } from "../../queries/registry.ts";
import { drawRun } from "./draw-run.ts";
import { runSeed } from "./run-seed.ts";
import { count, emptyTally, type Tally } from "./tally.ts";

/** Runs every query under seeds `from` … `from + seeds − 1`. */
export interface Portion {
  readonly queries: readonly string[];
  readonly from: number;
  readonly seeds: number;
}

const port = present(parentPort, "the thread that started this one");

async function runPortion({ queries, from, seeds }: Portion): Promise<Tally> {
  const tally = emptyTally();
  for (let seed = from; seed < from + seeds; seed++) {
    for (const query of queries) count(tally, await runSeed(drawRun(findQuery(query), seed)));
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
