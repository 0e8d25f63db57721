import { OBSERVATION_BYTES, type Observation, readObservation, writeObservation } from "../measure/observation.ts";
import { emptyObservation, forEachObservation } from "../measure/observation-reader.ts";
import { nameBucket } from "./expected.ts";
import { PartitionedRecords } from "./partitioned-records.ts";
import type { VerifyInput } from "./verify.ts";

/** Whole observations of one view by bucket of their names, each with its ordinal behind it. */
export class SpreadObservations {
  readonly #records: PartitionedRecords;
  readonly #observation = emptyObservation();

  constructor(partitions: number, directory: string | null) {
    const recordBytes = OBSERVATION_BYTES + 8;
    this.#records = new PartitionedRecords({ recordBytes, partitions, directory, name: "observed" });
  }

  append(observation: Observation, ordinal: number): void {
    const records = this.#records;
    const at = records.append(nameBucket(observation.nameHigh, records.partitions));
    writeObservation(records.view, at, observation);
    records.view.setFloat64(at + OBSERVATION_BYTES, ordinal, true);
  }

  /** Visits the observations of a bucket in the order of reading and empties it. The object is reused. */
  drain(bucket: number, visit: (observation: Observation, ordinal: number) => void): void {
    const observation = this.#observation;
    this.#records.forEach(bucket, (view, at) => {
      readObservation(view, at, observation);
      visit(observation, view.getFloat64(at + OBSERVATION_BYTES, true));
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

type View = Pick<VerifyInput<never>, "observationsFile" | "isolation" | "onObservation">;

interface Spread {
  append(observation: Observation, ordinal: number): void;
  closeFiles(): void;
  dispose(): void;
}

/** Spreads the observations of a view, which is disposed of when the log cannot be read; how many there are. */
export function spreadObservations(input: View, spread: Spread): number {
  let count = 0;
  try {
    forEachObservation(input.observationsFile, (observation, ordinal) => {
      if (observation.isolation !== input.isolation) return;
      count++;
      input.onObservation?.(observation);
      spread.append(observation, ordinal);
    });
  } catch (error) {
    spread.dispose();
    throw error;
  }
  spread.closeFiles();
  return count;
}
