import { z } from "zod";

const rate = z.number().min(0).max(1e9);

const constantSchema = z.strictObject({
  shape: z.literal("constant"),
  ratePerSecond: rate.positive(),
});

const stepSchema = z.union([
  z.strictObject({ durationMs: z.int().positive().max(8_640_000_000), ratePerSecond: rate }),
  z.strictObject({ untilEnd: z.literal(true), ratePerSecond: rate.positive() }),
]);

const stepsSchema = z
  .strictObject({ shape: z.literal("steps"), steps: z.array(stepSchema).min(1).max(10_000) })
  .refine(({ steps }) => steps.slice(0, -1).every((step) => "durationMs" in step), {
    error: "only the last step can be untilEnd",
    path: ["steps"],
  });

/** How the rate goes over time. Rates are events per second; decimals are taken as written. */
export const scheduleSchema = z.discriminatedUnion("shape", [constantSchema, stepsSchema]);

export type ScheduleSpec = z.output<typeof scheduleSchema>;
export type ScheduleStep = z.output<typeof stepSchema>;
