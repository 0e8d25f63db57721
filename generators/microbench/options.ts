import { z } from "zod";
import { FaultlineError } from "../../base/errors.ts";

/** Keeps indexes in 32 bits of the analysis, and `bench query` from running for ever. */
const MAX_EVENTS = 1_000_000_000;
const MAX_PAYLOAD_BYTES = 100_000;

const rate = z.number().positive().max(1e9);

/** The options of the microbenchmarks' generator. Unknown keys are errors. */
export const microbenchOptionsSchema = z.strictObject({
  events: z.int().min(1).max(MAX_EVENTS).default(100_000).describe("Events of the first stream."),
  keys: z.int().min(1).max(10_000_000).default(10_000).describe("Number of keys, all equally likely."),
  payloadBytes: z.int().min(0).max(MAX_PAYLOAD_BYTES).default(100).describe("Length of every event's payload."),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(1).describe("Decides keys and payloads."),
  rate: rate.default(5000).describe("Events per second of the first stream, as `createdAt` tells them."),
  rate2: rate.default(100).describe("Events per second of the second stream."),
  rate3: rate.default(100).describe("Events per second of the third stream."),
  baseTimeMs: z
    .int()
    .min(0)
    .max(8_640_000_000_000)
    .default(1_625_774_000_000)
    .describe("Time of the first event, epoch ms."),
});

export type MicrobenchOptionsInput = z.input<typeof microbenchOptionsSchema>;
export type MicrobenchOptions = Readonly<z.output<typeof microbenchOptionsSchema>>;

/** Checks `input` and fills in the defaults. All problems are told at once, as `config-invalid`. */
export function resolveMicrobenchOptions(input: unknown = {}): MicrobenchOptions {
  const result = microbenchOptionsSchema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new FaultlineError("config-invalid", `microbench options: ${problems.join("; ")}`, {
    hint: "docs/configuration.md lists the options of the microbenchmarks' generator.",
    context: { problems },
  });
}
