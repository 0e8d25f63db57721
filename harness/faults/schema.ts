import { z } from "zod";
import { duration } from "../config/fields.ts";

const at = () => duration().describe("When it strikes, counted from the moment the first event is due.");
const workerTarget = () =>
  z
    .string()
    .regex(/^worker\/[1-9]\d{0,3}$/, "a target is written worker/1\nworkers count from 1, in the order of their start")
    .describe("Who is struck: worker/1 is the first worker process.");

const kill = z.strictObject({
  kind: z.literal("kill").describe("SIGKILL: the process ends at once and says nothing."),
  target: workerTarget(),
  at: at(),
});

/** Faults of a run: the one schema of everything that can be broken on purpose. Times in ms. */
export const faultSchema = z.discriminatedUnion("kind", [kill]);

/** What counts as good service again after a fault. */
export const sloSchema = z.strictObject({
  p99: duration(0.001)
    .optional()
    .describe(
      "Bound of the p99 of each 250 ms. Default: twice the p99 before the fault (twice the maximum, where n is too small).",
    ),
  for: duration(1).prefault("1s").describe("How long, without a break, the bound must be kept to count as restored."),
});

export type FaultSpec = Readonly<z.output<typeof faultSchema>>;
export type FaultKind = FaultSpec["kind"];

/** `worker/2` as its parts. */
export function targetParts(target: string): { readonly role: string; readonly number: number } {
  const [role, number] = target.split("/");
  return { role: role!, number: Number(number) };
}
