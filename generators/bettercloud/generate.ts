import { FaultlineError } from "../../base/errors.ts";
import { ControlEvents } from "./controls.ts";
import { CustomerEvents } from "./events.ts";
import type { StreamName } from "./model.ts";
import type { BetterCloudOptions } from "./options.ts";

const CHUNK_BYTES = 65_536;
const LINE_FEED = 0x0a;

/**
 * Writes the Kafka values of one stream as lines, from record `firstIndex` to its end. `write` gets chunks that it may keep; it answers
 * false when nobody reads any more. Resolves to the number of records handed over, counted up to the chunk that was refused.
 */
export async function generateBetterCloudLines(
  options: BetterCloudOptions,
  { firstIndex = 0, stream }: { readonly firstIndex?: number; readonly stream: StreamName },
  write: (chunk: Uint8Array) => Promise<boolean> | boolean,
): Promise<number> {
  const dataSet = stream === "events" ? new CustomerEvents({ options }) : new ControlEvents({ options });
  if (firstIndex >= dataSet.events) {
    throw new FaultlineError("usage", `there are ${dataSet.events} ${stream}: none has index ${firstIndex}`, {
      hint: "Indexes count from 0: to see n events from index i on, set events to i + n.",
    });
  }
  const cursor = dataSet.open(firstIndex);
  let written = 0;
  let more = true;
  while (more) {
    const chunk = new Uint8Array(CHUNK_BYTES + cursor.maxWireBytes + 1);
    let end = 0;
    let count = 0;
    while (end < CHUNK_BYTES) {
      more = cursor.advance();
      if (!more) break;
      end = cursor.writeWire(chunk, end);
      chunk[end++] = LINE_FEED;
      count++;
    }
    if (end > 0 && !(await write(chunk.subarray(0, end)))) return written;
    written += count;
  }
  return written;
}
