import { z } from "zod";
import { duration, rate, wholeNumber } from "./fields.ts";

/** What `bench capacity` searches for. */
export const capacity = z
  .strictObject({
    p99: duration(0.001, 3_600_000)
      .prefault("100ms")
      .describe("A rate is sustained while the p99 of the latency from due time is at most this …"),
    lagSlope: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .describe("… and the backlog grows by at most this share of the rate …"),
    achieved: z
      .number()
      .min(0)
      .max(1)
      .default(0.995)
      .describe("… and at least this share of the offered events was really sent; and `thresholds` hold."),
    least: rate().prefault("10/s").describe("The search tries no rate below this."),
    most: rate().prefault("1M/s").describe("The search tries no rate above this."),
    precision: z
      .number()
      .min(0.01)
      .max(1)
      .default(0.05)
      .describe("Neighbouring rates differ by this share: the search ends between two of them."),
    searches: wholeNumber(1, 100)
      .default(3)
      .describe("Searches, each with fresh runs of its own: the interval comes from their spread."),
    probes: wholeNumber(1, 1000).default(60).describe("Runs at most, over all searches."),
    timeLimit: duration(1)
      .prefault("30min")
      .describe(
        "No run begins that would end later than this after the start of the command; the report comes on top.",
      ),
  })
  .prefault({})
  .describe(
    "What `bench capacity` searches: the greatest rate that is sustained. The first rate tried is `load.rate`.",
  );
