import { existsSync, readFileSync } from "node:fs";

/** One record of `raw/<run>/sent.bin`, little endian: events [first, end) were handed to the client at `sentUs`; all f64. */
const SENT_BYTES = 24;

/** When the feeder sent each event. */
export interface SentTimes {
  /** Monotonic µs, or null for an event that the file does not speak of. */
  sentUs(eventIndex: number): number | null;
  /** Every range in the order of events. */
  forEach(visit: (firstIndex: number, endIndex: number, sentUs: number) => void): void;
}

/** Null when the feeder left no such file. Ranges of several feeders overlap; then the last range that begins at or before an event is asked. */
export function readSentTimes(file: string): SentTimes | null {
  if (!existsSync(file)) return null;
  const bytes = readFileSync(file);
  const count = Math.floor(bytes.length / SENT_BYTES);
  if (count === 0) return null;
  const field = (record: number, nth: number) => bytes.readDoubleLE(record * SENT_BYTES + nth * 8);
  const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => field(a, 0) - field(b, 0) || a - b);
  const [first, end, sent] = [0, 1, 2].map((nth) => Float64Array.from(order, (record) => field(record, nth)));
  return {
    sentUs(eventIndex) {
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (first![middle]! <= eventIndex) low = middle + 1;
        else high = middle;
      }
      return low > 0 && eventIndex < end![low - 1]! ? sent![low - 1]! : null;
    },
    forEach(visit) {
      for (let i = 0; i < count; i++) visit(first![i]!, end![i]!, sent![i]!);
    },
  };
}
