import { z } from "zod";
import { FaultlineError } from "../../base/errors.ts";
import { PATTERN_SYNTAX, parsePattern } from "../../generators/schedule/pattern.ts";
import { duration, rate, rateOrZero, wholeMs, wholeNumber } from "./fields.ts";

/** What every load has, whatever its shape. */
const common = {
  feeders: wholeNumber(1, 64)
    .default(1)
    .describe("Processes that send the main input stream: each owns the partitions of its number mod `feeders`."),
};

/** Of a load that could go on for ever. */
const lasting = {
  duration: wholeMs()
    .optional()
    .describe("How long events are due. Default 20s, unless `data.events` fixes their number."),
  ...common,
};

const constantLoad = z.strictObject({
  shape: z.literal("constant").describe("One rate."),
  rate: rate().prefault("10k/s").describe("Offered events per second."),
  ...lasting,
});

const stepList = z
  .array(
    z.strictObject({
      rate: rateOrZero().describe("Offered events per second in this step; 0/s is a pause."),
      duration: wholeMs().describe("Length of this step."),
    }),
  )
  .min(1)
  .max(10_000);

/** `30:500,60:0` means two steps of 30 s. */
function stepsOfPattern(input: unknown, context: z.RefinementCtx): unknown {
  if (typeof input !== "string") return input;
  try {
    return parsePattern(input).map((step) => ({ rate: `${step.ratePerSecond}/s`, duration: `${step.durationMs}ms` }));
  } catch (error) {
    if (!(error instanceof FaultlineError) || error.code !== "config-invalid") throw error;
    context.addIssue({ code: "custom", message: `${error.message}\n${error.hint}` });
    return z.NEVER;
  }
}

const stepsLoad = z.strictObject({
  shape: z.literal("steps").describe("One rate after the other."),
  steps: z
    .preprocess(stepsOfPattern, stepList)
    .meta({ shorthand: { type: "string", pattern: PATTERN_SYNTAX } })
    .describe(
      'The steps, in order; or a pattern, "30:500,60:250,90:0": 500 events per second until second 30, 250 until second 60, none until second 90.',
    ),
  ...common,
});

const rampLoad = z.strictObject({
  shape: z.literal("ramp").describe("From one rate to another in a straight line."),
  from: rateOrZero().describe("Offered events per second at the start."),
  to: rateOrZero().describe("Offered events per second at the end."),
  duration: wholeMs().describe("Length of the ramp, and of the load."),
  ...common,
});

const sineLoad = z.strictObject({
  shape: z.literal("sine").describe("A wave: mid + amplitude · sin(2π t / period)."),
  mid: rate().describe("Mean offered events per second."),
  amplitude: rateOrZero().describe("How far the rate goes above and below `mid`; at most `mid`."),
  period: wholeMs().describe("Length of one wave."),
  ...lasting,
});

const squareLoad = z.strictObject({
  shape: z.literal("square").describe("Half of every period the low rate, then the high one."),
  low: rateOrZero().describe("Offered events per second in the first half of a period."),
  high: rateOrZero().describe("Offered events per second in the second half."),
  period: wholeMs().describe("Length of both halves."),
  ...lasting,
});

const burstLoad = z.strictObject({
  shape: z.literal("burst").describe("A base rate, interrupted by bursts."),
  base: rateOrZero().describe("Offered events per second between bursts."),
  burst: rateOrZero().describe("Offered events per second in a burst."),
  every: wholeMs().describe("Distance of the bursts: each ends a stretch of this length."),
  length: wholeMs().describe("Length of a burst; below `every`."),
  ...lasting,
});

const traceLoad = z.strictObject({
  shape: z.literal("trace").describe("Rates over time as they were recorded."),
  file: z
    .string()
    .min(1)
    .optional()
    .describe(
      "CSV file, relative to the config: lines of seconds,events per second. Its rates are kept in the results.",
    ),
  points: z
    .array(
      z.strictObject({
        at: duration(0, 8_640_000_000).describe("Time from the start; the first one is 0."),
        rate: rateOrZero().describe("Offered events per second from then to the next point."),
      }),
    )
    .min(2)
    .max(10_000)
    .optional()
    .describe("The trace itself, in place of `file`. The last rate holds as long as the one before it."),
  ...common,
});

/** The load of a config, one of its shapes. */
export const loadSchema = z.discriminatedUnion("shape", [
  constantLoad,
  stepsLoad,
  rampLoad,
  sineLoad,
  squareLoad,
  burstLoad,
  traceLoad,
]);

/** What the load of a second or third stream leaves to `load`. */
const OF_THE_MAIN = { feeders: true } as const;
const AND_LENGTH = { feeders: true, duration: true } as const;

/** The load of a further input stream: it lasts as long as `load` unless its shape says how long, and has one feeder. */
export const otherLoadSchema = z.discriminatedUnion("shape", [
  constantLoad.omit(AND_LENGTH).extend({ rate: rate().prefault("100/s").describe("Offered events per second.") }),
  stepsLoad.omit(OF_THE_MAIN),
  rampLoad.omit(OF_THE_MAIN),
  sineLoad.omit(AND_LENGTH),
  squareLoad.omit(AND_LENGTH),
  burstLoad.omit(AND_LENGTH),
]);

/** A key that only one shape has tells the shape. */
const SHAPE_OF_KEY = {
  steps: "steps",
  from: "ramp",
  to: "ramp",
  amplitude: "sine",
  mid: "sine",
  low: "square",
  high: "square",
  burst: "burst",
  every: "burst",
  file: "trace",
  points: "trace",
} as const;

/** `{rate: 10k/s}` means the constant shape, `{from: 0/s, ...}` the ramp. */
export function impliedShape(input: unknown): unknown {
  if (typeof input !== "object" || input === null || Array.isArray(input) || "shape" in input) return input;
  const telling = Object.entries(SHAPE_OF_KEY).find(([key]) => key in input);
  return { shape: telling?.[1] ?? "constant", ...input };
}
