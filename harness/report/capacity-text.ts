import type { CapacityState } from "../analyze/capacity/capacity.ts";
import { rate } from "./format.ts";

/** The answer in one line, for terminal and report. */
export function answerText({ answer, settings }: CapacityState): string {
  const { capacityPerSecond, isAtLeast, interval, searches } = answer;
  if (searches === 0) return "capacity: not known, no search came to an end";
  if (capacityPerSecond === null) return `capacity: none, not even ${rate(settings.leastPerSecond)} is sustained`;
  const most = isAtLeast ? "at least " : "";
  return `capacity: ${most}${rate(capacityPerSecond)}${interval === null ? "" : ` (${intervalText(interval, searches)})`}`;
}

function intervalText(interval: NonNullable<CapacityState["answer"]["interval"]>, searches: number): string {
  const low = rate(interval.low);
  const high = interval.high === null ? "an unknown rate" : rate(interval.high);
  if (searches === 1) return `one search: ${low} sustained, ${high} not`;
  return interval.kind === "confidence95"
    ? `95 % interval of the median of ${searches} searches: ${low} to ${high}`
    : `${searches} searches: all sustained ${low}, none ${high}`;
}

/** Why the search is over, where there is something to say of it; ends its lines. */
export function endText({ next, steps, outcomes, settings }: CapacityState, isOutOfTime: boolean): string {
  const ended = `${outcomes.length} of ${settings.searches} searches ended`;
  if (isOutOfTime) return `capacity.timeLimit is over: ${ended}\n`;
  if (next.kind === "probe") return `unfinished: ${ended}\n`;
  if (next.why === "mostProbes") return `capacity.probes is reached: ${ended}\n`;
  if (next.why === "unclear") {
    const last = steps.at(-1);
    return `the search cannot go on: ${steps.length === 0 ? "" : `${last!.run}: ${last!.why}`}\n`;
  }
  const openBy = outcomes.find(({ limitedBy }) => limitedBy !== "system")?.limitedBy;
  if (openBy === "instrument") return "feeder or observer gave in before the system did: the capacity may be higher\n";
  return openBy === "mostRate" ? "capacity.most ended the search: the capacity may be higher\n" : "";
}
