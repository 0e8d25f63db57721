import type { ThresholdUnit } from "../config/thresholds.ts";

/** One threshold of a run. */
export interface ThresholdResult {
  /** As written: `p99 < 50ms over 5s`. */
  readonly text: string;
  readonly metric: string;
  readonly unit: ThresholdUnit;
  /** `noData` counts as crossed; `notJudged`: the run was ended before. */
  readonly state: "passed" | "crossed" | "noData" | "notJudged";
  /** In ms, per second, as a share of 1 or a count; of the worst window, where windows were asked for. */
  readonly value: number | null;
  /** The worst window, or the one without data, in seconds from the first due time. */
  readonly window?: { readonly fromSecond: number; readonly toSecond: number };
  readonly note?: string;
}
