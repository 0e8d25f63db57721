import type { Config } from "../../config/schema.ts";
import type { Threshold } from "../../config/thresholds.ts";
import type { ReasonCode, RunResult } from "../../sweep/model.ts";
import type { Vote } from "./search.ts";

/** What a vote rests on, in words: `p99 <= 100ms: 312 ms`. */
export interface ReasonedVote {
  readonly vote: Vote;
  readonly why: string;
}

type Slo = Pick<Config["capacity"], "p99" | "lagSlope" | "achieved">;

/** The service level that makes a rate sustained, as thresholds of every probe. A probe that cannot hold its p99 any more is ended. */
export function sloThresholds({ p99, lagSlope, achieved }: Slo): readonly Threshold[] {
  const whole = { over: null, abort: false } as const;
  const percent = (share: number) => `${Number((share * 100).toPrecision(6))}%`;
  return [
    { text: `p99 <= ${p99}ms`, metric: "p99", operator: "<=", bound: p99, over: null, abort: true },
    { text: `lagSlope <= ${percent(lagSlope)}`, metric: "lagSlope", operator: "<=", bound: lagSlope, ...whole },
    { text: `achieved >= ${percent(achieved)}`, metric: "achieved", operator: ">=", bound: achieved, ...whole },
  ];
}

/** What says that the system cannot keep up. A system that breaks under a rate does not sustain it. */
const TOO_MUCH: ReadonlySet<ReasonCode> = new Set<ReasonCode>(["threshold-crossed", "drain-timeout", "system-failed"]);

/** What says that feeder or observer could not keep up. */
const INSTRUMENT: ReadonlySet<ReasonCode> = new Set<ReasonCode>(["generator-saturated", "observer-saturated"]);

/** The vote of one probe on its rate. */
export function voteOf(result: RunResult, { p99 }: Slo): ReasonedVote {
  const { state, reasons, thresholds = [] } = result;
  const [first] = reasons;
  const told = first === undefined ? "" : `${first.code}: ${first.message}`;
  if (state === "failed") {
    const isTooMuch = reasons.every(({ code }) => TOO_MUCH.has(code));
    return { vote: isTooMuch ? "unsustained" : "unclear", why: told };
  }
  if (state === "invalid") {
    if (reasons.some(({ code }) => !INSTRUMENT.has(code))) return { vote: "unclear", why: told };
    // The latency from the time of sending has none of the generator's lag in it, and the observer adds at most its own: what is left is the system's.
    const { uncorrectedLatencyUs, observerLagUs } = result;
    const ownUs = (uncorrectedLatencyUs.p99 ?? 0) - Math.max(0, observerLagUs.p99 ?? 0);
    return { vote: ownUs > p99 * 1000 ? "unsustained" : "instrument", why: told };
  }
  const crossed = thresholds.find((threshold) => threshold.state === "crossed");
  if (crossed !== undefined) return { vote: "unsustained", why: crossed.text };
  const missing = thresholds.find((threshold) => threshold.state === "noData");
  if (missing !== undefined) return { vote: "unclear", why: `${missing.text}: no data` };
  return { vote: "sustained", why: "" };
}
