import { z } from "zod";

const rate = z.number().min(0).max(1e9);
const durationMs = z.int().positive().max(8_640_000_000);

const constantSchema = z.strictObject({
  shape: z.literal("constant"),
  ratePerSecond: rate.positive(),
});

const stepSchema = z.union([
  z.strictObject({ durationMs, ratePerSecond: rate }),
  z.strictObject({ untilEnd: z.literal(true), ratePerSecond: rate.positive() }),
]);

const stepsSchema = z
  .strictObject({ shape: z.literal("steps"), steps: z.array(stepSchema).min(1).max(10_000) })
  .refine(({ steps }) => steps.slice(0, -1).every((step) => "durationMs" in step), {
    error: "only the last step can be untilEnd",
    path: ["steps"],
  });

/** From one rate to the other in a straight line. */
const rampSchema = z.strictObject({
  shape: z.literal("ramp"),
  fromPerSecond: rate,
  toPerSecond: rate,
  durationMs,
});

/** `mid + amplitude · sin(2π t / period)`, for ever. */
const sineSchema = z
  .strictObject({
    shape: z.literal("sine"),
    midPerSecond: rate.positive(),
    amplitudePerSecond: rate,
    periodMs: durationMs,
  })
  .refine(({ midPerSecond, amplitudePerSecond }) => amplitudePerSecond <= midPerSecond, {
    error: "must not be above midPerSecond: a rate cannot be negative",
    path: ["amplitudePerSecond"],
  });

/** Half a period low, half a period high, for ever. */
const squareSchema = z.strictObject({
  shape: z.literal("square"),
  lowPerSecond: rate,
  highPerSecond: rate,
  periodMs: durationMs,
});

/** Of every stretch of `everyMs` the last `lengthMs` have the burst rate, for ever. */
const burstSchema = z
  .strictObject({
    shape: z.literal("burst"),
    basePerSecond: rate,
    burstPerSecond: rate,
    everyMs: durationMs,
    lengthMs: durationMs,
  })
  .refine(({ everyMs, lengthMs }) => lengthMs < everyMs, {
    error: "must be below everyMs",
    path: ["lengthMs"],
  });

/** How the rate goes over time. Rates are events per second; decimals are taken as written. */
export const scheduleSchema = z.discriminatedUnion("shape", [
  constantSchema,
  stepsSchema,
  rampSchema,
  sineSchema,
  squareSchema,
  burstSchema,
]);

export type ScheduleSpec = z.output<typeof scheduleSchema>;
export type ScheduleStep = z.output<typeof stepSchema>;
