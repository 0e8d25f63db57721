import type { Observation } from "../measure/observation.ts";
import { observationAt } from "../measure/observation-reader.ts";
import type { ObservedAt } from "./examples.ts";

/** Where and when an output was observed, for the examples of a violation. */
export function placeOf({ partition, offset, observedUs }: Observation, ordinal: number): ObservedAt {
  return { ordinal, partition, offset, observedUs };
}

/** The same of the `ordinal`-th observation of a log, read again from its file. */
export function locateIn(file: string, ordinal: number): ObservedAt {
  return placeOf(observationAt(file, ordinal), ordinal);
}
