import { asFaultlineError } from "../../base/errors.ts";
import type { Reason, ResourceSample } from "../sweep/model.ts";
import { readJsonLines } from "./results-folder.ts";

/** The samples of a run; where they cannot be read, none of them and why. */
export function readSamples(file: string): {
  readonly samples: readonly ResourceSample[];
  readonly problem: Reason | null;
} {
  try {
    return { samples: readJsonLines<ResourceSample>(file), problem: null };
  } catch (error) {
    return { samples: [], problem: { code: "internal", message: asFaultlineError(error).message } };
  }
}
