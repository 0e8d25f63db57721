import { z } from "zod";
import { FaultlineError } from "../../../base/errors.ts";
import type { LinkCounters } from "./counters.ts";
import type { RuleEvidence, RuleSpec } from "./rules.ts";

/** Argument of the proxy process. */
export interface LinkProxySpec {
  /** Servers whose clients must find them at a fixed port of the proxy, and where they really are. */
  readonly fixed: readonly { readonly role: string; readonly port: number; readonly upstream: string }[];
  /** So many further ports are kept open for servers that are yet to start. */
  readonly spares: number;
}

const ends = z.union([z.literal("*"), z.array(z.string())]);
const flows = z.array(z.strictObject({ from: ends, to: ends }));
const treatment = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("delay"), ms: z.number(), jitterMs: z.number(), seed: z.number() }),
  z.strictObject({ kind: z.literal("rate"), bytesPerSecond: z.number().positive() }),
  z.strictObject({ kind: z.literal("block"), newToo: z.boolean() }),
]);
const order = z.discriminatedUnion("order", [
  /** A process that opens connections, as soon as it has been started. */
  z.strictObject({ order: z.literal("process"), role: z.string(), pid: z.int() }),
  /** A spare port now belongs to this server. */
  z.strictObject({ order: z.literal("assign"), role: z.string(), address: z.string() }),
  /** Where a server really listens. Connections that came before have waited. */
  z.strictObject({ order: z.literal("upstream"), role: z.string(), address: z.string() }),
  z.strictObject({ order: z.literal("rule"), id: z.int(), flows, treatment }),
  z.strictObject({ order: z.literal("heal"), id: z.int() }),
  z.strictObject({ order: z.literal("reset"), id: z.int(), flows }),
  z.strictObject({ order: z.literal("counters"), ask: z.int() }),
]);

/** One line on the proxy's stdin. */
export type Order = Readonly<z.output<typeof order>>;

/** One line on the proxy's stdout, the common `ready` and `error` apart. Times are monotonic µs. */
export type Told =
  /** The rule, or reset, did something for the first time. */
  | { readonly seen: { readonly id: number; readonly atUs: number; readonly what: string } }
  /** The order was carried out; of a rule that is healed with all that it did, of a reset with the number of connections. */
  | { readonly done: Done }
  | { readonly spare: string }
  | { readonly counters: { readonly ask: number; readonly links: readonly LinkCounters[] } };

export interface Done {
  readonly id: number;
  readonly order: "rule" | "heal" | "reset";
  readonly atUs: number;
  readonly evidence?: RuleEvidence;
  readonly resets?: number;
}

/** An order from a line; `usage` when it is none. */
export function readOrder(line: string): Order {
  try {
    return order.parse(JSON.parse(line));
  } catch (cause) {
    throw new FaultlineError("usage", `not an order to the link proxy: ${line.slice(0, 200)}`, { cause });
  }
}

/** The rule that an order asks for. */
export function ruleOf({ id, flows: of, treatment: what }: Extract<Order, { readonly order: "rule" }>): RuleSpec {
  return { id, flows: of, treatment: what };
}
