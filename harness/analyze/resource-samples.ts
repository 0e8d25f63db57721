import { asFaultlineError } from "../../base/errors.ts";
import type { RuntimeSample } from "../measure/runtime-probe.ts";
import type { Reason, ResourceSample } from "../sweep/model.ts";
import { readJsonLines } from "./results-folder.ts";

/** The samples of a run, of the kernel and of Node; where they cannot be read, none of them and why. */
export function readSamples(files: { readonly resources: string; readonly runtime: string }): {
  readonly samples: readonly ResourceSample[];
  readonly runtime: readonly RuntimeSample[];
  readonly problem: Reason | null;
} {
  try {
    const samples = readJsonLines<ResourceSample>(files.resources);
    return { samples, runtime: readJsonLines<RuntimeSample>(files.runtime), problem: null };
  } catch (error) {
    return { samples: [], runtime: [], problem: { code: "internal", message: asFaultlineError(error).message } };
  }
}
