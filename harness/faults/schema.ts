import { z } from "zod";
import { duration } from "../config/fields.ts";
import { durationField, targetField, triggerFields } from "./fault-fields.ts";
import { isLinkFault, linkFaultSchemas } from "./link/link-faults.ts";
import { firstEndOf } from "./link/link-target.ts";
import { isStoreFault, storeFaultSchemas } from "./store/store-faults.ts";

const kill = z.strictObject({
  kind: z.literal("kill").describe("SIGKILL: the process ends at once and says nothing."),
  target: targetField(),
  ...triggerFields(),
});

const terminate = z.strictObject({
  kind: z.literal("terminate").describe("SIGTERM: the process is asked to end, and does so by itself."),
  target: targetField(),
  ...triggerFields(),
});

const pause = z.strictObject({
  kind: z.literal("pause").describe("SIGSTOP, and SIGCONT after `duration`: the process stands still."),
  target: targetField(),
  duration: durationField("How long it stands still."),
  ...triggerFields(),
});

const cpu = z.strictObject({
  kind: z.literal("cpu").describe("CPU quota: the process gets no more than `cores` for `duration` (Linux cgroup v1)."),
  target: targetField(),
  cores: z.number().min(0.01).max(1024).describe("CPU time per time, in cores: 0.2 is 20 ms in every 100 ms."),
  duration: durationField("How long the quota holds."),
  ...triggerFields(),
});

const downFor = () =>
  duration().prefault("0s").describe("How long the broker stays away; the time that it takes to start comes on top.");

const brokerKill = z.strictObject({
  kind: z
    .literal("brokerKill")
    .describe("SIGKILL to the private Kafka broker, which is started again on its data and port after `duration`."),
  duration: downFor(),
  ...triggerFields(),
});

const brokerRestart = z.strictObject({
  kind: z
    .literal("brokerRestart")
    .describe("The private Kafka broker is stopped in good order, and started again after `duration`."),
  duration: downFor(),
  ...triggerFields(),
});

const brokerPause = z.strictObject({
  kind: z
    .literal("brokerPause")
    .describe("SIGSTOP to the private Kafka broker, and SIGCONT after `duration`: it stands still."),
  duration: durationField("How long it stands still."),
  ...triggerFields(),
});

/** Faults of a run: the one schema of everything that can be broken on purpose. Times in ms. */
export const faultSchema = z.discriminatedUnion("kind", [
  kill,
  terminate,
  pause,
  cpu,
  brokerKill,
  brokerRestart,
  brokerPause,
  ...linkFaultSchemas,
  ...storeFaultSchemas,
]);

/** What counts as good service again after a fault. */
export const sloSchema = z.strictObject({
  p99: duration(0.001)
    .optional()
    .describe(
      "Bound of the p99 of each 250 ms. Default: twice the p99 before the fault (twice the maximum, where n is too small).",
    ),
  for: duration(1).prefault("1s").describe("How long, without a break, the bound must be kept to count as restored."),
});

type Written = z.output<typeof faultSchema>;
/** Read-only all the way down, as the resolved config has it. */
type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Item[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;
export type FaultSpec = Frozen<Written>;
export type FaultKind = Written["kind"];
export type FaultOf<K extends FaultKind> = Extract<FaultSpec, { readonly kind: K }>;

/** Whom a fault strikes: as written in the config, and the target by which the process is found. */
export interface Aim {
  readonly written: string;
  readonly target: string;
  /** Of several that the target means one stands for all. */
  readonly isOne?: true;
}

/** At least one; all of them are struck at once. */
export function aimsOf(fault: FaultSpec): readonly Aim[] {
  // The store is no process; the coordinator, whose checkpoints are in it, stands for it.
  if (isStoreFault(fault)) return [{ written: "store", target: "coordinator" }];
  if (!("target" in fault)) return [{ written: "broker", target: "broker" }];
  // A link is struck as a whole; the process that it names first stands for it.
  if (isLinkFault(fault)) return [{ written: fault.target, target: firstEndOf(fault.target), isOne: true }];
  const targets = typeof fault.target === "string" ? [fault.target] : fault.target;
  return targets.map((target) => ({ written: target, target }));
}

/** How long it lasts, ms; null: it is done once it has struck. */
export function durationOf(fault: FaultSpec): number | null {
  return "duration" in fault ? fault.duration : null;
}
