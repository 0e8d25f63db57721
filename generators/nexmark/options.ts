import { z } from "zod";
import { FaultlineError } from "../../base/errors.ts";

/** More events than anybody can generate; keeps every product of event numbers below 2^53. */
export const MAX_EVENTS = 1_000_000_000_000;
const MAX_SHARE = 1_000_000;
/** Keeps `extra` below 524 288 characters, where `head` slices its static string. */
const MAX_BYTE_SIZE = 400_000;

const eventCount = z.int().min(0).max(MAX_EVENTS);
const ratio = z.int().min(1).max(1_000_000_000);
const byteSize = z.int().min(0).max(MAX_BYTE_SIZE);
const seed = z.int();
const share = z.int().min(0).max(MAX_SHARE);

const exponent = z.number().min(0).max(10).optional();

const split = z
  .strictObject({
    index: z.int().min(0).max(65_535).describe("Which part, 0-based."),
    of: z.int().min(1).max(65_536).describe("How many parts."),
    totalEvents: eventCount.optional().describe("Events of all parts together; default: `events`."),
  })
  .describe("One part of a generator that was split: parallel timelines with disjoint ids.");

/** The options of Nexmark's generator, with the defaults of its class. Unknown keys are errors. */
export const nexmarkOptionsSchema = z.strictObject({
  mode: z.enum(["classic", "head"]).default("head").describe("classic: Beam and nexmark 0.1; head: nexmark master."),
  events: eventCount.default(0).describe("Size of the data set; 0 means as many as can be numbered."),
  firstEventId: eventCount.optional().describe("Default: classic 0, head 1."),
  firstEventNumber: eventCount.optional().describe("Default: classic 0, head 1."),
  eventRatePerSecond: z.number().positive().max(1e9).default(10_000).describe("Event time only: events per second."),
  numEventGenerators: z.int().min(1).max(65_536).default(1).describe("Multiplies the event-time distance."),
  outOfOrderGroupSize: z.int().min(1).max(1_000_000).default(1).describe("Events are permuted in groups of this size."),
  proportions: z
    .strictObject({ person: share.default(1), auction: share.default(3), bid: share.default(46) })
    .prefault({})
    .describe("Shares of the kinds."),
  hotRatios: z
    .strictObject({ auction: ratio.default(2), sellers: ratio.default(4), bidders: ratio.default(4) })
    .prefault({})
    .describe("One in this many draws is not the hot key."),
  skew: z
    .strictObject({
      auctions: exponent.describe(
        "Zipf exponent of the auctions of bids: rank r of the set gets a share of 1/r^exponent. Default: the hot rule.",
      ),
      bidders: exponent.describe("Zipf exponent of the bidders. Default: the hot rule."),
      keys: z
        .int()
        .min(1)
        .max(1_000_000)
        .default(1000)
        .describe("Size of the lasting sets that an exponent draws from: the first so many auctions and people."),
    })
    .prefault({})
    .describe("Hot keys that last, instead of the hot auction and bidder that move on with the stream."),
  avgByteSizes: z
    .strictObject({ person: byteSize.default(200), auction: byteSize.default(500), bid: byteSize.default(100) })
    .prefault({})
    .describe("Average sizes that `extra` pads to."),
  numInFlightAuctions: z.int().min(1).max(100_000_000).default(100).describe("Latest auctions that bids go to."),
  numActivePeople: z.int().min(1).max(100_000_000).default(1000).describe("Latest people that sell and bid."),
  baseTimeMs: z.int().min(0).max(8_640_000_000_000).default(1_436_918_400_000).describe("Time of event 0, epoch ms."),
  split: split.optional(),
  seeds: z
    .strictObject({ extra: seed.default(1), tables: seed.default(3), events: seed.default(42) })
    .prefault({})
    .describe("Seeds of the three streams of mode head."),
});

export type NexmarkOptionsInput = z.input<typeof nexmarkOptionsSchema>;
type Parsed = z.output<typeof nexmarkOptionsSchema>;

/** Every option with its value; plain data that can be sent to another process and resolved again with the same result. */
export interface NexmarkOptions extends Readonly<Omit<Parsed, "firstEventId" | "firstEventNumber" | "split">> {
  readonly firstEventId: number;
  readonly firstEventNumber: number;
  readonly split?: { readonly index: number; readonly of: number; readonly totalEvents: number };
}

/** Checks `input` and fills in the defaults. All problems are told at once, as `config-invalid`. */
export function resolveNexmarkOptions(input: unknown = {}): NexmarkOptions {
  const result = nexmarkOptionsSchema.safeParse(input);
  if (!result.success) throw invalid(result.error.issues.map(describeIssue));
  const { split: part, ...options } = result.data;
  const { person, auction, bid } = options.proportions;
  const problems: string[] = [];
  if (person + auction + bid === 0) problems.push("proportions: at least one share must be positive");
  if (part !== undefined && part.index >= part.of) problems.push("split.index: must be below split.of");
  if (part !== undefined && (part.totalEvents ?? options.events) === 0) {
    problems.push("split.totalEvents: needed to know where the parts begin");
  }
  if (problems.length > 0) throw invalid(problems);
  const first = options.mode === "head" ? 1 : 0;
  return {
    ...options,
    firstEventId: options.firstEventId ?? first,
    firstEventNumber: options.firstEventNumber ?? first,
    ...(part === undefined ? {} : { split: { ...part, totalEvents: part.totalEvents ?? options.events } }),
  };
}

/** Where the run that `options` describe begins and how many events it has, after the split. */
export function eventRange(options: NexmarkOptions): { readonly firstEventId: number; readonly events: number } {
  const limit = options.events === 0 ? MAX_EVENTS : options.events;
  if (options.split === undefined || options.split.of === 1) {
    return { firstEventId: options.firstEventId, events: limit };
  }
  const { index, of, totalEvents } = options.split;
  const size = Math.floor(totalEvents / of);
  const own = index === of - 1 ? totalEvents - size * (of - 1) : size;
  return { firstEventId: options.firstEventId + size * index, events: Math.min(limit, own) };
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.join(".");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}

function invalid(problems: readonly string[]): FaultlineError {
  return new FaultlineError("config-invalid", `Nexmark options: ${problems.join("; ")}`, {
    hint: "docs/configuration.md lists the options of the Nexmark generator.",
    context: { problems },
  });
}
