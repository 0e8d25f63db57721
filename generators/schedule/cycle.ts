import { floorLinear } from "./linear.ts";
import { divide, multiply, type Rational, rational } from "./rational.ts";
import type { Schedule } from "./schedule.ts";
import { compilePieces, lastAtOrBefore, type Piece, type Stretch } from "./segment.ts";

/** Compiled cycles that are kept: those of the feeder that renders ahead and of a reader behind it. */
const KEPT_CYCLES = 16;
const NOTHING = rational(0n, 1n);

/**
 * Pieces that repeat for ever. A cycle begins at an exact fraction of an event, so that event i is in cycle floor(i / events of a
 * cycle), without drift; cycles are compiled as they are asked for.
 */
export function cyclicSchedule(pieces: readonly Piece[]): Schedule {
  const { integral: perCycle, endNs: cycleNs } = compilePieces(pieces, NOTHING, 0n);
  const cycleOf = floorLinear(divide(rational(1n, 1n), perCycle), NOTHING);
  const cycle = keepLast((number) => compileCycle(pieces, perCycle, cycleNs, number));
  const dueNs = (index: number) => {
    const { segments } = cycle(cycleOf(index));
    const { firstIndex, startNs, offsetNs } = segments[lastAtOrBefore(segments, "firstIndex", index)]!;
    return startNs + offsetNs(index - firstIndex);
  };
  return { dueNs, countBefore: (ns) => (ns < 0 ? 0 : countIn(cycle(Math.floor(ns / Number(cycleNs))), ns, dueNs)) };
}

interface Cycle extends Stretch {
  readonly firstIndex: number;
}

function compileCycle(pieces: readonly Piece[], perCycle: Rational, cycleNs: bigint, number: number): Cycle {
  const before = multiply(perCycle, rational(BigInt(number), 1n));
  const firstIndex = Number((before.numerator + before.denominator - 1n) / before.denominator);
  return { ...compilePieces(pieces, before, cycleNs * BigInt(number)), firstIndex };
}

function countIn({ segments, firstIndex, endIndex }: Cycle, ns: number, dueNs: (index: number) => number): number {
  const place = segments[lastAtOrBefore(segments, "startNs", ns)];
  const estimate = place === undefined ? firstIndex : place.firstIndex + place.estimate(ns - place.startNs);
  let count = Math.min(endIndex ?? estimate, Math.max(firstIndex, estimate));
  // The estimate is off by a few; dueNs itself decides, so that both always agree.
  while (dueNs(count) <= ns) count++;
  while (count > 0 && dueNs(count - 1) > ns) count--;
  return count;
}

/** `make`, with its last few results kept. */
function keepLast(make: (number: number) => Cycle): (number: number) => Cycle {
  const kept = new Map<number, Cycle>();
  return (number) => {
    const known = kept.get(number);
    if (known !== undefined) return known;
    const made = make(number);
    if (kept.size >= KEPT_CYCLES) kept.delete(kept.keys().next().value!);
    kept.set(number, made);
    return made;
  };
}
