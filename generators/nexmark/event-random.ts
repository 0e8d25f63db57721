/** The draws that the Nexmark generators make, by either of Java's generators. */
export interface EventRandom {
  /** Uniform over all signed 32-bit integers. */
  nextInt(): number;
  /** Uniform in 0 .. `bound` − 1; `bound` 1 .. 2^31 − 1. */
  below(bound: number): number;
  /** Uniform in [0, 1) with 53 bits. */
  nextDouble(): number;
  /** Uniform over all signed 64-bit integers; slow. */
  nextLong(): bigint;
}

/** `nextLong(n)` of Nexmark's LongGenerator: an int draw while `bound` is below 2^31 − 1, else |nextLong mod bound|. */
export function longBelow(random: EventRandom, bound: number): number {
  if (bound < 2147483647) return random.below(bound);
  const remainder = Number(random.nextLong() % BigInt(bound));
  return Math.abs(remainder);
}

/** Nexmark's price in cents, log-uniform in 100 .. 10^8. */
export function priceCents(random: EventRandom): number {
  return Math.floor(10 ** (random.nextDouble() * 6) * 100 + 0.5);
}
