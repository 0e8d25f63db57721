import { z } from "zod";
import { asFaultlineError } from "../../../base/errors.ts";
import { duration, size } from "../../config/fields.ts";
import { durationField, triggerFields } from "../fault-fields.ts";
import { LINK_TARGET, LINK_TARGET_HINT, parseLinkTarget } from "./link-target.ts";

/** A link, as `link-target.ts` reads it. */
const linkField = () =>
  z
    .string()
    .regex(LINK_TARGET, LINK_TARGET_HINT)
    .superRefine((target, context) => {
      if (!LINK_TARGET.test(target)) return; // said already
      try {
        parseLinkTarget(target);
      } catch (error) {
        context.addIssue({ code: "custom", message: asFaultlineError(error).message });
      }
    })
    .describe(
      "Which link: worker/1<->worker/2 both ways, worker/1->broker one way, worker/1 all links of worker 1; ends are worker/N, zone:NAME (its workers), coordinator, broker, several with commas, * is everybody.",
    );

const delay = z
  .strictObject({
    kind: z.literal("delay").describe("What is sent over the link arrives later, in order (TCP link proxy)."),
    target: linkField(),
    delay: duration(1, 60_000).describe("So much later, each way that the target names."),
    jitter: duration(0, 60_000).prefault("0s").describe("Plus or minus up to so much, evenly, drawn from the seed."),
    duration: durationField("How long the link is slow."),
    ...triggerFields(),
  })
  .refine((fault) => fault.jitter <= fault.delay, {
    path: ["jitter"],
    message:
      "the jitter is greater than the delay\nnothing arrives before it was sent: give a jitter of at most the delay",
  });

const rate = z.strictObject({
  kind: z
    .literal("rate")
    .describe("The link carries no more than `bytesPerSecond`, each connection and direction (TCP link proxy)."),
  target: linkField(),
  bytesPerSecond: size(1024, 2 ** 40).describe("Bytes a second: 256KiB."),
  duration: durationField("How long it is throttled."),
  ...triggerFields(),
});

const blackhole = z.strictObject({
  kind: z
    .literal("blackhole")
    .describe("Connections that are open stay open and carry nothing; new ones work (TCP link proxy)."),
  target: linkField(),
  duration: durationField("How long nothing arrives; then what was held back does."),
  ...triggerFields(),
});

const partition = z.strictObject({
  kind: z.literal("partition").describe("Nothing passes the link, on new connections neither (TCP link proxy)."),
  target: linkField(),
  duration: durationField("How long the ends are apart; then what was held back arrives."),
  ...triggerFields(),
});

const reset = z.strictObject({
  kind: z.literal("reset").describe("All connections of the link are reset (RST); new ones work (TCP link proxy)."),
  target: linkField(),
  ...triggerFields(),
});

/** The kinds of faults that the TCP link proxy carries out, as parts of the faults' schema. */
export const linkFaultSchemas = [delay, rate, blackhole, partition, reset] as const;

/** One of them, resolved: times in ms. */
export type LinkFault = Readonly<z.output<(typeof linkFaultSchemas)[number]>>;

const KINDS: ReadonlySet<string> = new Set<LinkFault["kind"]>(["delay", "rate", "blackhole", "partition", "reset"]);

/** Is it for the link proxy, which therefore must run? */
export function isLinkFault<T extends { readonly kind: string }>(
  fault: T,
): fault is Extract<T, { readonly kind: LinkFault["kind"] }> {
  return KINDS.has(fault.kind);
}
