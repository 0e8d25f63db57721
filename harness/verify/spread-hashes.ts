import { FLAG_UNDECODABLE, type Observation } from "../measure/observation.ts";
import { emptyObservation } from "../measure/observation-reader.ts";
import { nameBucket } from "./expected.ts";
import { PartitionedRecords } from "./partitioned-records.ts";

/** u32 each: name high, name low, content high, content low; f64 observed; i32 ordinal (−1 − ordinal: undecodable). */
const HASHES_BYTES = 28;

/** What the join needs of the observations of one view, by bucket of their names: hashes, time, whether it is a row. */
export class SpreadHashes {
  readonly #records: PartitionedRecords;
  readonly #observation = emptyObservation();

  constructor(partitions: number, directory: string) {
    this.#records = new PartitionedRecords({ recordBytes: HASHES_BYTES, partitions, directory, name: "observed" });
  }

  append(o: Observation, ordinal: number): void {
    const records = this.#records;
    const at = records.append(nameBucket(o.nameHigh, records.partitions));
    const view = records.view;
    view.setUint32(at, o.nameHigh, true);
    view.setUint32(at + 4, o.nameLow, true);
    view.setUint32(at + 8, o.contentHigh, true);
    view.setUint32(at + 12, o.contentLow, true);
    view.setFloat64(at + 16, o.observedUs, true);
    view.setInt32(at + 24, (o.flags & FLAG_UNDECODABLE) === 0 ? ordinal : -1 - ordinal, true);
  }

  /** Visits a bucket in the order of reading and empties it. The object is reused; what the join does not need stays 0 in it. */
  drain(bucket: number, visit: (observation: Observation, ordinal: number) => void): void {
    const o = this.#observation;
    this.#records.forEach(bucket, (view, at) => {
      o.nameHigh = view.getUint32(at, true);
      o.nameLow = view.getUint32(at + 4, true);
      o.contentHigh = view.getUint32(at + 8, true);
      o.contentLow = view.getUint32(at + 12, true);
      o.observedUs = view.getFloat64(at + 16, true);
      const ordinal = view.getInt32(at + 24, true);
      o.flags = ordinal < 0 ? FLAG_UNDECODABLE : 0;
      visit(o, ordinal < 0 ? -1 - ordinal : ordinal);
    });
    this.#records.release(bucket);
  }

  closeFiles(): void {
    this.#records.closeFiles();
  }

  /** Removes the files. */
  dispose(): void {
    this.#records.dispose();
  }
}
