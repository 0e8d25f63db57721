import type { OrderLogEntry } from "../../../../engine/replication/order-entry.ts";
import type { Contents } from "./contents.ts";

/** The order of delivery that a log means for these contents, one number at a time, as the rules are written: for the properties to compare with. */
export function referenceOrder(log: readonly OrderLogEntry[], contents: Contents): string[] {
  const order: string[] = [];
  const at = contents.map(() => 0);
  const shown = contents.map(() => 0);
  let [term, holder, forwarded, flag] = [0, -1, 0, 0];
  const show = (channel: number, heartbeat: number) => {
    shown[channel] = heartbeat;
    const least = Math.min(...shown);
    const isCut = flag > forwarded && least >= flag;
    const next = isCut ? flag : least;
    if (next <= forwarded || next === Number.POSITIVE_INFINITY) return;
    forwarded = next;
    if (isCut) order.push(`snapshot${flag}`);
    order.push(`HB${next}`);
  };
  for (const entry of log) {
    if (entry.kind === "claim" && entry.term > term) [term, holder] = [entry.term, entry.replica];
    if (entry.kind !== "order" || entry.term !== term || entry.replica !== holder) continue;
    for (let index = 0; index < entry.runs.length; index += 2) {
      const channel = entry.runs[index]!;
      for (let left = entry.runs[index + 1]!; left > 0; left--) {
        const item = contents[channel]![at[channel]!++];
        if (item === undefined) throw new Error(`more ordered of channel ${channel} than there is`);
        order.push(`${channel}:${at[channel]}`);
        if (item.kind === "heartbeat" && item.flagged) flag = item.heartbeat;
        if (item.kind === "heartbeat") show(channel, item.heartbeat);
        if (item.kind === "end") show(channel, Number.POSITIVE_INFINITY);
      }
    }
  }
  return order;
}
