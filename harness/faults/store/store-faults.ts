import { z } from "zod";
import { duration, wholeNumber } from "../../config/fields.ts";
import { durationField, triggerFields } from "../fault-fields.ts";

const storeSlow = z.strictObject({
  kind: z.literal("storeSlow").describe("Each operation of the checkpoint store begins later, in all processes."),
  delay: duration(1, 600_000).describe("So much later."),
  duration: durationField("How long the store is slow."),
  ...triggerFields(),
});

const storeFail = z.strictObject({
  kind: z.literal("storeFail").describe("Operations of the checkpoint store fail, in all processes."),
  everyNth: wholeNumber(1, 1_000_000)
    .prefault(1)
    .describe("Of the operations of each process: every so many fails; 1: all."),
  duration: durationField("How long the store fails."),
  ...triggerFields(),
});

/** The kinds of faults of the checkpoint store, as parts of the faults' schema. */
export const storeFaultSchemas = [storeSlow, storeFail] as const;

/** One of them, resolved: times in ms. */
export type StoreFault = Readonly<z.output<(typeof storeFaultSchemas)[number]>>;

/** Is it for the faulty store, which the processes must be started with? */
export function isStoreFault<T extends { readonly kind: string }>(
  fault: T,
): fault is Extract<T, { readonly kind: StoreFault["kind"] }> {
  return fault.kind === "storeSlow" || fault.kind === "storeFail";
}
