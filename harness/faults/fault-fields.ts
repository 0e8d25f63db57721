import { z } from "zod";
import { duration, wholeNumber } from "../config/fields.ts";
import { shown } from "../config/shown.ts";
import { ZONE_END } from "./zone-target.ts";

/** Fields that kinds of faults share. What must hold between them is checked in `checks.ts`. */

const MAX_TARGETS = 64;
const TARGET_HINT =
  "a target is written worker/1, count/0 (operator/instance), count/0.1 (one replica of it), leader:count/0, follower:count/0, zone:a, coordinator, broker or random";

/** Where in a checkpoint a fault strikes. */
export const CHECKPOINT_PHASES = ["beforeBarrier", "inAlignment", "betweenAckAndCommit"] as const;
export type CheckpointPhase = (typeof CHECKPOINT_PHASES)[number];

const oneTarget = z
  .string()
  .regex(
    new RegExp(
      String.raw`^(worker\/[1-9]\d{0,3}|(?!worker\/)[A-Za-z][\w.-]*(\/\d{1,5}(\.\d)?)?|(leader|follower):[A-Za-z][\w.-]*\/\d{1,5}|${ZONE_END})$`,
    ),
    TARGET_HINT,
  );

/** Who is struck; a list: all of them at once. */
export const targetField = () =>
  z
    .union([oneTarget, z.array(oneTarget).min(1).max(MAX_TARGETS)])
    .describe(
      "Who is struck: worker/1 is the first worker process, count/0 the worker that runs instance 0 of operator count (its first replica that is there, where it has some), count/0.1 the worker of its replica 1, leader:count/0 and follower:count/0 that of a replica that leads or follows (replication.merge: kaZoo), zone:a all workers of that zone (engine.zones), random a worker drawn from the seed; also coordinator and broker. A list: all at once.",
    );

/** How long it lasts, ms. */
export const durationField = (what: string) => duration(1).describe(what);

/** Exactly one of `at`, `afterEvents`, `checkpoint`, `every`, `poisson` is given; times in ms. */
export const triggerFields = () => ({
  at: timeOrRandom()
    .optional()
    .describe(
      "When it strikes, counted from the moment the first event is due; random: anywhere between warm-up and end of the load.",
    ),
  afterEvents: eventNumber().optional().describe("Strikes when so many input events are due: 100k."),
  checkpoint: z
    .enum(CHECKPOINT_PHASES)
    .optional()
    .describe(
      "Strikes in a checkpoint: when it is triggered, while barriers are under way, or between its last acknowledgement and its completion.",
    ),
  nth: wholeNumber(1, 1_000_000)
    .optional()
    .describe("With `checkpoint`: in the n-th one that gets there after the warm-up. Default 1."),
  every: duration(1).optional().describe("Strikes at each multiple of this time, after the warm-up."),
  count: wholeNumber(1, 1_000).optional().describe("With `every`: so many times at most."),
  poisson: z
    .strictObject({
      mean: duration(1).describe(
        "Strikes at random moments after the warm-up, drawn from the seed, so far apart on average.",
      ),
    })
    .optional()
    .describe("Strikes at random moments after the warm-up, drawn from the seed."),
});

/** Milliseconds, or `random`. */
function timeOrRandom() {
  return z.union([z.literal("random"), duration()]);
}

const EVENTS = /^(\d+(?:\.\d+)?)([kM]?)$/;
const EVENTS_HINT = "a number of events is written like 5000, 100k or 1.5M";
const FACTORS: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6 };

/** A number of events, also written `100k` or `1.5M`. */
function eventNumber() {
  return z.union([wholeNumber(1, 1e12), z.string().regex(EVENTS, EVENTS_HINT)]).transform((input, context): number => {
    const [, digits, factor] = EVENTS.exec(String(input))!;
    const events = Math.round(Number(digits) * FACTORS[factor!]! * 1e6) / 1e6;
    if (Number.isSafeInteger(events) && events > 0) return events;
    context.issues.push({ code: "custom", message: `${shown(input)} is not a whole number of events`, input });
    return z.NEVER;
  });
}
