import { existsSync } from "node:fs";
import type { readEngineStamps } from "../measure/engine-latency-log.ts";
import { countObservations, forEachObservation } from "../measure/observation-reader.ts";

type Stamps = ReturnType<typeof readEngineStamps>;

/**
 * The engine's stamps by the ordinal of the observation. Their file has one record for each observation of read_uncommitted; where the log
 * holds another view besides, its ordinals count both. 4 bytes an observation then, of queries whose rows carry stamps.
 */
export function stampsByOrdinal(stamps: Stamps, observationsFile: string, hasOtherView: boolean): Stamps {
  if (stamps === null || !hasOtherView || !existsSync(observationsFile)) return stamps;
  const ranks = new Uint32Array(countObservations(observationsFile));
  let rank = 0;
  forEachObservation(observationsFile, ({ isolation }, ordinal) => {
    ranks[ordinal] = rank;
    if (isolation === 0) rank++;
  });
  return (ordinal) => stamps(ranks[ordinal]!);
}
