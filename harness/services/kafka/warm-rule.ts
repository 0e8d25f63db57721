const ROUNDS = 3;
const TOLERANCE = 0.2;
const QUIET_ROUNDS = 2;
const QUIET_SHARE = 0.1;

/** One paced round of a warm-up. */
export interface WarmRound {
  readonly medianUs: number;
  /** How much of one core the broker's compiler took; null where that is not known. */
  readonly compilerShare: number | null;
}

/**
 * Whether the broker is warm: its compiler took less than a tenth of a core in the last two rounds. Where that is not known, the
 * last three medians lie within 20 % of each other.
 */
export function isWarm(rounds: readonly WarmRound[]): boolean {
  const shares = rounds.slice(-QUIET_ROUNDS).map(({ compilerShare }) => compilerShare);
  if (!shares.includes(null)) {
    return shares.length === QUIET_ROUNDS && shares.every((share) => share !== null && share < QUIET_SHARE);
  }
  const last = rounds.slice(-ROUNDS).map(({ medianUs }) => medianUs);
  return last.length === ROUNDS && Math.max(...last) <= Math.min(...last) * (1 + TOLERANCE);
}

/** The upper median; 0 of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
