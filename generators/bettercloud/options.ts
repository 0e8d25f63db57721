import { z } from "zod";
import { FaultlineError } from "../../base/errors.ts";
import { hashNumber } from "../../base/hash.ts";

/** More than anybody generates; keeps sequence numbers and times exact. */
const MAX_EVENTS = 1_000_000_000_000;
const MAX_CUSTOMERS = 10_000_000;

const count = z.int().min(0).max(MAX_EVENTS);

/** The options of BetterCloud's generator. Unknown keys are errors. */
export const betterCloudOptionsSchema = z.strictObject({
  events: count.default(0).describe("Customer events; 0 means as many as can be numbered."),
  controls: count.optional().describe("Control events sent while events are; default: as many as `controlRate` makes."),
  customers: z.int().min(1).max(MAX_CUSTOMERS).default(250).describe("Number of customers."),
  seed: z.int().min(0).default(1).describe("Seed of the customer events."),
  controlSeed: z.int().min(0).optional().describe("Seed of the control events; default: derived from `seed`."),
  alertsPerCustomer: z.int().min(1).max(1000).default(1).describe("Different alerts that a customer can have."),
  rulesPerAlert: z
    .int()
    .min(1)
    .max(100)
    .default(2)
    .describe("Conditions of an alert. The share of events that match does not depend on it."),
  payloadPadding: z.int().min(0).max(100_000).default(0).describe("Characters added to every payload."),
  keySkew: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .describe("Zipf exponent of the customers of events; 0: all customers alike, as in the original."),
  preloadControls: z
    .union([z.boolean(), z.int().min(1).max(MAX_EVENTS)])
    .default(true)
    .describe(
      "true: every alert of every customer and the global ones are sent before the first event, so that results are exact; a number: so many drawn controls are sent before; false: controls come while events do, at `controlRate`.",
    ),
  sequence: z.boolean().default(true).describe("Number the customer events, so that no two results are equal."),
  consumerRate: z.number().positive().max(1e9).default(5000).describe("Customer events per second of `ingestedAt`."),
  controlRate: z.number().positive().max(1e9).default(5).describe("Control events per second."),
  baseTimeMs: z
    .int()
    .min(0)
    .max(8_640_000_000_000)
    .default(1_625_774_000_000)
    .describe("Time of the first event, epoch ms."),
});

export type BetterCloudOptionsInput = z.input<typeof betterCloudOptionsSchema>;

/** Every option with its value; plain data that another process resolves again with the same result. */
export interface BetterCloudOptions
  extends Readonly<Omit<z.output<typeof betterCloudOptionsSchema>, "controlSeed" | "controls" | "events">> {
  readonly events: number;
  readonly controls: number;
  readonly controlSeed: number;
}

/** Checks `input` and fills in the defaults. All problems are told at once, as `config-invalid`. */
export function resolveBetterCloudOptions(input: unknown = {}): BetterCloudOptions {
  const result = betterCloudOptionsSchema.safeParse(input);
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new FaultlineError("config-invalid", `BetterCloud options: ${problems.join("; ")}`, {
      hint: "docs/configuration.md lists the options of the BetterCloud generator.",
      context: { problems },
    });
  }
  const { controlSeed, controls, ...options } = result.data;
  const events = options.events === 0 ? MAX_EVENTS : options.events;
  const drawn = Math.min(MAX_EVENTS, Math.ceil((events / options.consumerRate) * options.controlRate));
  return {
    ...options,
    events,
    controls: preloadedControls(options) || (controls ?? drawn),
    controlSeed: controlSeed ?? hashNumber(options.seed),
  };
}

/** Controls that are sent before the first event; 0: none, controls come while events do. */
export function preloadedControls(
  options: Pick<BetterCloudOptions, "preloadControls" | "customers" | "alertsPerCustomer">,
): number {
  const { preloadControls, customers, alertsPerCustomer } = options;
  if (typeof preloadControls === "number") return preloadControls;
  return preloadControls ? (customers + 1) * alertsPerCustomer : 0;
}
