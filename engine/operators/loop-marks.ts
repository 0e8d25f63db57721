/** Rounds of a loop are watermarks further back than any event time, so that they fire nothing: round r is EPOCH + 2r, + 1 when it was quiet. */
const EPOCH_MS = -Number.MAX_SAFE_INTEGER;
/** Far beyond every round, and far before every event time. */
const LAST_MS = EPOCH_MS / 2;

/** The mark of a loop's round (from 1); `quiet`: nothing came back since the mark before. */
export function loopMark(round: number, quiet: boolean): number {
  return EPOCH_MS + 2 * round + (quiet ? 1 : 0);
}

/** Is it the mark of a round, and no event time? A later mark does not say what the ones before it said: all must arrive. */
export function isLoopMark(timeMs: number): boolean {
  return timeMs >= EPOCH_MS && timeMs < LAST_MS;
}
