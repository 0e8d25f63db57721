import { type Curve, invert } from "./curve.ts";
import { floorLinear } from "./linear.ts";
import { add, ceiling, divide, multiply, type Rational, rational } from "./rational.ts";

const NS_PER_SECOND = 1_000_000_000n;

/** A stretch of a schedule that has at least one event. */
export interface Segment {
  readonly firstIndex: number;
  readonly startNs: number;
  /** Due time of the j-th event of the segment after its start, ns. */
  readonly offsetNs: (j: number) => number;
  /** How many of its events are due at most so many ns after its start, off by a few. */
  readonly estimate: (ns: number) => number;
}

/** What a stretch is made of: a constant rate, for ever where it has no duration, or a curve. */
export type Piece =
  | { readonly kind: "constant"; readonly ratePerSecond: Rational; readonly durationNs: bigint | null }
  | { readonly kind: "curve"; readonly curve: Curve };

/** Pieces one after the other, from an integral of the rate and a time on. */
export interface Stretch {
  readonly segments: readonly Segment[];
  /** Index of the first event at or behind the end; undefined when there is no end. */
  readonly endIndex: number | undefined;
  readonly integral: Rational;
  readonly endNs: bigint;
}

/** Compiles pieces; the first event of each is the one at which the integral, or the next whole number above it, is reached. */
export function compilePieces(pieces: readonly Piece[], integralBefore: Rational, beginNs: bigint): Stretch {
  const segments: Segment[] = [];
  let integral = integralBefore;
  let startNs = beginNs;
  for (const piece of pieces) {
    const firstIndex = ceiling(integral);
    const isEndless = piece.kind === "constant" && piece.durationNs === null;
    const next = isEndless ? integral : add(integral, eventsOf(piece));
    const hasEvents = isEndless ? piece.ratePerSecond.numerator > 0n : ceiling(next) > firstIndex;
    if (hasEvents) segments.push(segmentOf(piece, integral, firstIndex, startNs));
    if (isEndless) return { segments, endIndex: undefined, integral, endNs: startNs };
    integral = next;
    startNs += lengthNs(piece);
  }
  return { segments, endIndex: Number(ceiling(integral)), integral, endNs: startNs };
}

function eventsOf(piece: Piece): Rational {
  if (piece.kind === "curve") return piece.curve.total;
  return multiply(piece.ratePerSecond, rational(piece.durationNs ?? 0n, NS_PER_SECOND));
}

function lengthNs(piece: Piece): bigint {
  return piece.kind === "curve" ? BigInt(piece.curve.durationNs) : (piece.durationNs ?? 0n);
}

function segmentOf(piece: Piece, integral: Rational, firstIndex: bigint, startNs: bigint): Segment {
  const missing = rational(firstIndex * integral.denominator - integral.numerator, integral.denominator);
  const place = { firstIndex: Number(firstIndex), startNs: Number(startNs) };
  return piece.kind === "curve"
    ? { ...place, ...alongCurve(piece.curve, missing) }
    : { ...place, ...atRate(piece.ratePerSecond, missing) };
}

function atRate(ratePerSecond: Rational, missing: Rational): Pick<Segment, "offsetNs" | "estimate"> {
  const gapNs = divide(rational(NS_PER_SECOND, 1n), ratePerSecond);
  const ratePerNs = Number(gapNs.denominator) / Number(gapNs.numerator);
  return {
    offsetNs: floorLinear(gapNs, multiply(missing, gapNs)),
    estimate: (ns) => Math.floor(ns * ratePerNs),
  };
}

function alongCurve(curve: Curve, missing: Rational): Pick<Segment, "offsetNs" | "estimate"> {
  const missingEvents = Number(missing.numerator) / Number(missing.denominator);
  let lastNs = 0;
  return {
    offsetNs(j) {
      const exact = () => add(missing, rational(BigInt(j), 1n));
      lastNs = invert(curve, missingEvents + j, exact, lastNs);
      return lastNs;
    },
    estimate: (ns) => Math.ceil(curve.count(Math.min(ns + 1, curve.durationNs)) - missingEvents),
  };
}

/** The last place whose key is at most `value`, by bisection; −1 if there is none. */
export function lastAtOrBefore(segments: readonly Segment[], key: "firstIndex" | "startNs", value: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (segments[middle]![key] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
