import { PartitionedRecords, type RecordReader } from "./partitioned-records.ts";

/** f64 ordinal, f64 trigger, f64 expected, f64 offset, f64 observed, u32 order high, u32 order low, u16 input, u16 output partition. */
const MATCH_BYTES = 52;

export interface OrderedMatch {
  readonly ordinal: number;
  readonly trigger: number;
  readonly expected: number;
  readonly offset: number;
  readonly observedUs: number;
  readonly orderHigh: number;
  readonly orderLow: number;
  readonly inPartition: number;
  readonly outPartition: number;
}

/**
 * Brings matches that were found partition by partition back into the order of observation, on disk and with bounded memory:
 * they are spread by order key, each pass leaves one run per spread that ascends by ordinal, and the runs are merged.
 */
export class OrderedMatches {
  readonly #records: PartitionedRecords;
  readonly #ends: number[][];

  constructor(spreads: number, directory: string) {
    this.#records = new PartitionedRecords({ recordBytes: MATCH_BYTES, partitions: spreads, directory, name: "match" });
    this.#ends = Array.from({ length: spreads }, () => []);
  }

  append(m: OrderedMatch): void {
    const at = this.#records.append(m.orderHigh % this.#records.partitions);
    const view = this.#records.view;
    view.setFloat64(at, m.ordinal, true);
    view.setFloat64(at + 8, m.trigger, true);
    view.setFloat64(at + 16, m.expected, true);
    view.setFloat64(at + 24, m.offset, true);
    view.setFloat64(at + 32, m.observedUs, true);
    view.setUint32(at + 40, m.orderHigh, true);
    view.setUint32(at + 44, m.orderLow, true);
    view.setUint16(at + 48, m.inPartition, true);
    view.setUint16(at + 50, m.outPartition, true);
  }

  /** Ends a pass: what follows starts again at a lower ordinal. */
  endRun(): void {
    for (let i = 0; i < this.#ends.length; i++) this.#ends[i]!.push(this.#records.count(i));
  }

  /** All matches, spread by spread (`onSpread` before each), within a spread in the order of observation. */
  forEach(onSpread: () => void, visit: (match: OrderedMatch) => void): void {
    for (let spread = 0; spread < this.#ends.length; spread++) {
      onSpread();
      const runs: RecordReader[] = [];
      let from = 0;
      for (const to of this.#ends[spread]!) {
        const reader = this.#records.reader(spread, from, to);
        if (reader.next()) runs.push(reader);
        from = to;
      }
      merge(runs, visit);
    }
  }

  dispose(): void {
    this.#records.dispose();
  }
}

/** Visits the records of ascending runs in ascending order. Few runs: the smallest is found by looking at all. */
function merge(runs: RecordReader[], visit: (match: OrderedMatch) => void): void {
  const heads = runs.map((run) => run.view.getFloat64(run.at, true));
  while (runs.length > 0) {
    let least = 0;
    for (let i = 1; i < heads.length; i++) if (heads[i]! < heads[least]!) least = i;
    const run = runs[least]!;
    visit(read(run.view, run.at));
    if (run.next()) heads[least] = run.view.getFloat64(run.at, true);
    else {
      runs.splice(least, 1);
      heads.splice(least, 1);
    }
  }
}

function read(view: DataView, at: number): OrderedMatch {
  return {
    ordinal: view.getFloat64(at, true),
    trigger: view.getFloat64(at + 8, true),
    expected: view.getFloat64(at + 16, true),
    offset: view.getFloat64(at + 24, true),
    observedUs: view.getFloat64(at + 32, true),
    orderHigh: view.getUint32(at + 40, true),
    orderLow: view.getUint32(at + 44, true),
    inPartition: view.getUint16(at + 48, true),
    outPartition: view.getUint16(at + 50, true),
  };
}
