import { FaultlineError } from "../../base/errors.ts";
import type { Curve } from "./curve.ts";
import { cyclicSchedule } from "./cycle.ts";
import { rampCurve } from "./ramp.ts";
import { fromDecimal, rational } from "./rational.ts";
import { compilePieces, lastAtOrBefore, type Piece, type Segment } from "./segment.ts";
import { sineCurve } from "./sine.ts";
import { type ScheduleSpec, scheduleSchema } from "./spec.ts";

const NS_PER_MS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000n;

/** When each event is due: a pure function of its index, so there is no drift and any process can compute it. */
export interface Schedule {
  /**
   * Due time of event `index`, integer ns after the start; the floor of the exact time. Below 2^53 (104 days).
   * Past `totalEvents` it goes on: steps at the last rate above 0, a ramp at its mean.
   */
  dueNs(index: number): number;
  /** How many events are due at or before `ns` (may be negative); the inverse of `dueNs`. */
  countBefore(ns: number): number;
  /** How many events the schedule has room for; undefined when it goes on for ever. */
  readonly totalEvents?: number;
}

/**
 * Compiles a rate shape. Event i is due when the integral of the rate reaches i, computed in exact fractions: event 0 at the
 * start, event i of a constant rate at floor(i · 10^9 / rate) ns; stretches join exactly, with no event lost or doubled at the
 * seam. Throws `config-invalid`.
 */
export function compileSchedule(spec: ScheduleSpec): Schedule {
  const checked = scheduleSchema.safeParse(spec);
  if (!checked.success) {
    const problems = checked.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
    throw new FaultlineError("config-invalid", `schedule: ${problems}`);
  }
  const { pieces, isCyclic } = piecesOf(checked.data);
  if (pieces.every((piece) => piece.kind === "constant" && piece.ratePerSecond.numerator === 0n)) throw noEvents();
  return isCyclic ? cyclicSchedule(pieces) : successiveSchedule(pieces);
}

function noEvents(): FaultlineError {
  return new FaultlineError("config-invalid", "schedule: no event is ever due", {
    hint: "Give a stretch of it a rate above 0.",
  });
}

function piecesOf(spec: ScheduleSpec): { readonly pieces: readonly Piece[]; readonly isCyclic: boolean } {
  switch (spec.shape) {
    case "constant":
      return { pieces: [constant(spec.ratePerSecond, null)], isCyclic: false };
    case "steps": {
      const pieces = spec.steps.map((step) =>
        constant(step.ratePerSecond, "durationMs" in step ? nanoseconds(step.durationMs) : null),
      );
      return { pieces, isCyclic: false };
    }
    case "ramp":
      return { pieces: [rampPiece(spec)], isCyclic: false };
    case "sine":
      return { pieces: [sinePiece(spec)], isCyclic: true };
    case "square": {
      const halfNs = nanoseconds(spec.periodMs) / 2n;
      return { pieces: [constant(spec.lowPerSecond, halfNs), constant(spec.highPerSecond, halfNs)], isCyclic: true };
    }
    case "burst": {
      const base = constant(spec.basePerSecond, nanoseconds(spec.everyMs - spec.lengthMs));
      return { pieces: [base, constant(spec.burstPerSecond, nanoseconds(spec.lengthMs))], isCyclic: true };
    }
  }
}

function constant(ratePerSecond: number, durationNs: bigint | null): Piece {
  return { kind: "constant", ratePerSecond: fromDecimal(ratePerSecond), durationNs };
}

function rampPiece(spec: Extract<ScheduleSpec, { readonly shape: "ramp" }>): Piece {
  const { fromPerSecond, toPerSecond, durationMs } = spec;
  if (fromPerSecond === toPerSecond) return constant(fromPerSecond, nanoseconds(durationMs));
  const curve = rampCurve(fromDecimal(fromPerSecond), fromDecimal(toPerSecond), nanoseconds(durationMs));
  return { kind: "curve", curve };
}

function sinePiece(spec: Extract<ScheduleSpec, { readonly shape: "sine" }>): Piece {
  const { midPerSecond, amplitudePerSecond, periodMs } = spec;
  if (amplitudePerSecond === 0) return constant(midPerSecond, nanoseconds(periodMs));
  const curve = sineCurve(fromDecimal(midPerSecond), fromDecimal(amplitudePerSecond), nanoseconds(periodMs));
  return { kind: "curve", curve };
}

function nanoseconds(ms: number): bigint {
  return BigInt(ms) * NS_PER_MS;
}

function successiveSchedule(pieces: readonly Piece[]): Schedule {
  const compiled = compilePieces(pieces, rational(0n, 1n), 0n);
  if (compiled.segments.length === 0) throw noEvents();
  const { endIndex, integral, endNs } = compiled;
  // A constant rate goes on by itself, a curve ends where it ends.
  const tail = pieces.flatMap((piece) => (piece.kind === "curve" ? [meanOf(piece.curve)] : []));
  const segments = [...compiled.segments, ...compilePieces(tail, integral, endNs).segments];
  const dueNs = makeDueNs(segments);
  const countBefore = makeCountBefore(segments, dueNs, endIndex);
  return endIndex === undefined ? { dueNs, countBefore } : { dueNs, countBefore, totalEvents: endIndex };
}

/** For ever at the mean rate of a curve. */
function meanOf({ total, durationNs }: Curve): Piece {
  const ratePerSecond = rational(total.numerator * NS_PER_SECOND, total.denominator * BigInt(durationNs));
  return { kind: "constant", ratePerSecond, durationNs: null };
}

function makeDueNs(segments: readonly Segment[]): (index: number) => number {
  const [only] = segments;
  if (segments.length === 1 && only !== undefined && only.firstIndex === 0) {
    const { startNs, offsetNs } = only;
    return (index) => startNs + offsetNs(index);
  }
  return (index) => {
    const { firstIndex, startNs, offsetNs } = segments[lastAtOrBefore(segments, "firstIndex", index)]!;
    return startNs + offsetNs(index - firstIndex);
  };
}

function makeCountBefore(
  segments: readonly Segment[],
  dueNs: (index: number) => number,
  totalEvents = Number.MAX_SAFE_INTEGER,
): (ns: number) => number {
  return (ns) => {
    if (ns < 0) return 0;
    const place = Math.max(0, lastAtOrBefore(segments, "startNs", ns));
    const { firstIndex, startNs, estimate } = segments[place]!;
    const limit = Math.min(totalEvents, segments[place + 1]?.firstIndex ?? totalEvents);
    // The estimate is off by a few; dueNs itself decides, so that both always agree.
    let count = Math.min(limit, Math.max(firstIndex, firstIndex + estimate(ns - startNs)));
    while (count < limit && dueNs(count) <= ns) count++;
    while (count > 0 && dueNs(count - 1) > ns) count--;
    return count;
  };
}
