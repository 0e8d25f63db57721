import { FaultlineError } from "../../base/errors.ts";
import { floorLinear } from "./linear.ts";
import { add, ceiling, divide, fromDecimal, multiply, type Rational, rational } from "./rational.ts";
import { type ScheduleSpec, type ScheduleStep, scheduleSchema } from "./spec.ts";

const NS_PER_SECOND = 1_000_000_000n;
const NS_PER_MS = 1_000_000n;

/** When each event is due: a pure function of its index, so there is no drift and any process can compute it. */
export interface Schedule {
  /**
   * Due time of event `index`, integer ns after the start; the floor of the exact time. Below 2^53 (104 days).
   * Past `totalEvents` it goes on at the rate of the last step that has one.
   */
  dueNs(index: number): number;
  /** How many events are due at or before `ns` (may be negative); the inverse of `dueNs`. */
  countBefore(ns: number): number;
  /** How many events the schedule has room for; undefined when it goes on for ever. */
  readonly totalEvents?: number;
}

/** A stretch of constant rate that has at least one event. */
interface Segment {
  readonly firstIndex: number;
  readonly startNs: number;
  readonly ratePerNs: number;
  /** Due time of the j-th event of the segment after its start, ns. */
  readonly offsetNs: (j: number) => number;
}

/**
 * Compiles a rate shape. Event i is due when the integral of the rate reaches i, computed in exact fractions: event 0 at the
 * start, event i of a constant rate at floor(i · 10^9 / rate) ns; steps join exactly, with no event lost or doubled at the seam.
 */
export function compileSchedule(spec: ScheduleSpec): Schedule {
  const checked = scheduleSchema.safeParse(spec);
  if (!checked.success) {
    const problems = checked.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
    throw new FaultlineError("config-invalid", `schedule: ${problems}`);
  }
  const { segments, totalEvents } = compileSteps(stepsOf(checked.data));
  if (segments.length === 0) {
    throw new FaultlineError("config-invalid", "schedule: no event is ever due", {
      hint: "Give a step a rate above 0.",
    });
  }
  const dueNs = makeDueNs(segments);
  const countBefore = makeCountBefore(segments, dueNs, totalEvents);
  return totalEvents === undefined ? { dueNs, countBefore } : { dueNs, countBefore, totalEvents };
}

function stepsOf(spec: ScheduleSpec): readonly ScheduleStep[] {
  switch (spec.shape) {
    case "constant":
      return [{ untilEnd: true, ratePerSecond: spec.ratePerSecond }];
    case "steps":
      return spec.steps;
  }
}

function compileSteps(steps: readonly ScheduleStep[]): { segments: Segment[]; totalEvents: number | undefined } {
  const segments: Segment[] = [];
  let integral: Rational = rational(0n, 1n);
  let startNs = 0n;
  for (const step of steps) {
    const rate = fromDecimal(step.ratePerSecond);
    const firstIndex = ceiling(integral);
    const lasting = "durationMs" in step;
    const next = lasting ? add(integral, multiply(rate, rational(BigInt(step.durationMs), 1000n))) : undefined;
    if (rate.numerator > 0n && (next === undefined || ceiling(next) > firstIndex)) {
      segments.push(segment(rate, integral, firstIndex, startNs));
    }
    if (next === undefined) return { segments, totalEvents: undefined };
    integral = next;
    if (lasting) startNs += BigInt(step.durationMs) * NS_PER_MS;
  }
  return { segments, totalEvents: Number(ceiling(integral)) };
}

function segment(ratePerSecond: Rational, integral: Rational, firstIndex: bigint, startNs: bigint): Segment {
  const gapNs = divide(rational(NS_PER_SECOND, 1n), ratePerSecond);
  const missing = rational(firstIndex * integral.denominator - integral.numerator, integral.denominator);
  return {
    firstIndex: Number(firstIndex),
    startNs: Number(startNs),
    ratePerNs: Number(gapNs.denominator) / Number(gapNs.numerator),
    offsetNs: floorLinear(gapNs, multiply(missing, gapNs)),
  };
}

function makeDueNs(segments: readonly Segment[]): (index: number) => number {
  const [only] = segments;
  if (segments.length === 1 && only !== undefined && only.firstIndex === 0) {
    const { startNs, offsetNs } = only;
    return (index) => startNs + offsetNs(index);
  }
  return (index) => {
    const { firstIndex, startNs, offsetNs } = segments[lastAtOrBefore(segments, (s) => s.firstIndex, index)]!;
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
    const place = Math.max(
      0,
      lastAtOrBefore(segments, (s) => s.startNs, ns),
    );
    const { firstIndex, startNs, ratePerNs } = segments[place]!;
    const limit = segments[place + 1]?.firstIndex ?? totalEvents;
    // The estimate is off by at most one or two; dueNs itself decides, so that both always agree.
    let count = Math.min(limit, Math.max(firstIndex, firstIndex + Math.floor((ns - startNs) * ratePerNs)));
    while (count < limit && dueNs(count) <= ns) count++;
    while (count > 0 && dueNs(count - 1) > ns) count--;
    return count;
  };
}

/** The last place whose key is at most `value`, by bisection; −1 if there is none. */
function lastAtOrBefore(segments: readonly Segment[], key: (s: Segment) => number, value: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (key(segments[middle]!) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
