import { existsSync, readFileSync } from "node:fs";
import type { DataSet } from "../../generators/dataset.ts";
import type { RunConfig } from "./run-config.ts";

/** One record of `raw/<run>/sent.bin`, little endian: events [first, end) were handed to the client at `sentUs`; all f64. */
const SENT_BYTES = 24;

/** When the feeder sent each event. */
export interface SentTimes {
  /** Monotonic µs, or null for an event that the file does not speak of. */
  sentUs(eventIndex: number): number | null;
  /** Every range in the order of events. */
  forEach(visit: (firstIndex: number, endIndex: number, sentUs: number) => void): void;
}

/** Null when the feeder left no such file. Of several feeders each file also spans events of the others. */
function readSentTimes(file: string): SentTimes | null {
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

/** Several feeders as one: each event is looked up in the file of the feeder that owns its partition. Null when a file is missing. */
function readPartedSentTimes(files: readonly string[], dataSet: DataSet<unknown>): SentTimes | null {
  const parts = files.flatMap((file) => readSentTimes(file) ?? []);
  if (parts.length < files.length) return null;
  if (parts.length === 1) return parts[0]!;
  const owners = ownersOf(dataSet, files.length);
  const sentUs = (index: number) => (index < owners.length ? parts[owners[index]!]!.sentUs(index) : null);
  return {
    sentUs,
    forEach(visit) {
      for (let index = 0; index < owners.length; index++) {
        const us = sentUs(index);
        if (us !== null) visit(index, index + 1, us);
      }
    },
  };
}

/** For each event the feeder that sends it: its partition mod `feeders`. */
function ownersOf(dataSet: DataSet<unknown>, feeders: number): Uint8Array {
  const owners = new Uint8Array(dataSet.events);
  for (const cursor = dataSet.open(); cursor.advance(); ) owners[cursor.index] = cursor.partition % feeders;
  return owners;
}

/** The main stream's times of sending, by the index in the whole input; from the files of its feeders, in their order. */
export function readMainSentTimes(
  files: readonly string[],
  { input, mainStream: stream }: Pick<RunConfig, "input" | "mainStream">,
): SentTimes | null {
  const sent = readPartedSentTimes(files, input.streams[stream]!.dataSet);
  if (sent === null || input.streams.length === 1) return sent;
  return {
    sentUs(index) {
      const place = input.locate(index);
      return place.stream === stream ? sent.sentUs(place.index) : null;
    },
    forEach: (visit) =>
      sent.forEach((first, end, sentUs) => {
        // Events of other streams may lie between.
        for (let index = first; index < end; index++) {
          const place = input.indexOf({ stream, index });
          visit(place, place + 1, sentUs);
        }
      }),
  };
}
