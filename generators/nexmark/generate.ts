import { FaultlineError } from "../../base/errors.ts";
import { type NexmarkCursor, NexmarkDataSet } from "./dataset.ts";
import type { NexmarkOptions } from "./options.ts";

const CHUNK_BYTES = 65_536;
const LINE_FEED = 0x0a;
/** Before each binary record. */
const LENGTH_BYTES = 4;

export type GenerateFormat = "jsonl" | "wire" | "binary";

/**
 * Writes events `firstIndex` .. `events` − 1 of the data set as lines: `jsonl` is the line of the golden files, `wire` the Kafka
 * value and a line feed, `binary` the value of the binary wire format behind its length (uint32, little-endian). `write` gets chunks that it may keep; it answers false when nobody reads any more, and a promise when
 * it wants the generator to wait. Resolves to the number of events handed over, counted up to the chunk that was refused.
 */
export async function generateLines(
  options: NexmarkOptions,
  { firstIndex = 0, format }: { readonly firstIndex?: number; readonly format: GenerateFormat },
  write: (chunk: Uint8Array) => Promise<boolean> | boolean,
): Promise<number> {
  const dataSet = new NexmarkDataSet({ options, format: format === "binary" ? "binary" : "json" });
  if (!Number.isInteger(firstIndex) || firstIndex < 0 || firstIndex >= dataSet.events) {
    throw new FaultlineError("usage", `first event ${firstIndex} is not in the data set of ${dataSet.events} events`, {
      hint: "`events` counts from index 0: to see n events from index i on, set it to i + n.",
    });
  }
  const cursor = dataSet.open(firstIndex);
  const chunk = cursor.makeRoom(CHUNK_BYTES + cursor.maxWireBytes + LENGTH_BYTES);
  let written = 0;
  let more = true;
  while (more) {
    let end = 0;
    let count = 0;
    while (end < CHUNK_BYTES) {
      more = cursor.advance();
      if (!more) break;
      if (format === "jsonl") end = cursor.writeLine(chunk, end);
      else if (format === "binary") end = writeFramed(cursor, chunk, end);
      else {
        end = cursor.writeWire(chunk, end);
        chunk[end++] = LINE_FEED;
      }
      count++;
    }
    if (end > 0 && !(await write(chunk.slice(0, end)))) return written;
    written += count;
  }
  return written;
}

function writeFramed(cursor: NexmarkCursor, chunk: Uint8Array, at: number): number {
  const end = cursor.writeWire(chunk, at + LENGTH_BYTES);
  new DataView(chunk.buffer, chunk.byteOffset).setUint32(at, end - at - LENGTH_BYTES, true);
  return end;
}
