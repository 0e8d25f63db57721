import type { Random } from "../../../../base/random.ts";
import type { Element } from "../../../../engine/task/element.ts";

/** What stands at one number of a channel. */
export type Item =
  | { readonly kind: "record" }
  | { readonly kind: "heartbeat"; readonly heartbeat: number; readonly flagged: boolean }
  | { readonly kind: "end" };

/** Item i of a channel has the number i + 1. */
export type Contents = readonly (readonly Item[])[];

const PAYLOAD = new Uint8Array(4);

/** Random records between heartbeats 1 … n, of which some are flagged: those are on every channel that has not ended, others may be passed over. */
export function randomContents(random: Random, channels: number, flags = true): Contents {
  const heartbeats = random.below(9);
  const flagged = new Set<number>();
  for (let heartbeat = 2; heartbeat <= heartbeats; heartbeat++)
    if (random.below(3) === 0 && flags) flagged.add(heartbeat);
  return Array.from({ length: channels }, () => {
    const items: Item[] = [];
    const last = random.below(4) === 0 ? random.below(heartbeats + 1) : heartbeats;
    for (let heartbeat = 1; heartbeat <= last + 1; heartbeat++) {
      for (let left = random.below(5); left > 0; left--) items.push({ kind: "record" });
      if (heartbeat > last || (!flagged.has(heartbeat) && random.below(4) === 0)) continue;
      items.push({ kind: "heartbeat", heartbeat, flagged: flagged.has(heartbeat) });
    }
    items.push({ kind: "end" });
    return items;
  });
}

/** The element that begins at number `first`; of records at most `most`. */
export function elementAt(items: readonly Item[], first: number, most: number): Element {
  const item = items[first - 1]!;
  if (item.kind === "end") return { kind: "end", first };
  if (item.kind === "heartbeat") {
    const { heartbeat, flagged } = item;
    return { kind: "heartbeat", first, heartbeat, watermarkMs: heartbeat, checkpointId: flagged ? heartbeat : null };
  }
  let count = 1;
  while (count < most && items[first - 1 + count]?.kind === "record") count++;
  return { kind: "records", first, count, skip: 0, payload: PAYLOAD };
}
