import { asFaultlineError } from "../../base/errors.ts";
import type { RuntimeSample } from "../measure/runtime-probe.ts";
import type { MachineSample } from "../measure/sampler.ts";
import type { Reason, ResourceSample } from "../sweep/model.ts";
import { readJsonLines } from "./results-folder.ts";

/** The samples of a run, of the kernel and of Node; where they cannot be read, none of them and why. */
export function readSamples(files: {
  readonly resources: string;
  readonly runtime: string;
  readonly machine: string;
}): {
  readonly samples: readonly ResourceSample[];
  readonly runtime: readonly RuntimeSample[];
  readonly machine: readonly MachineSample[];
  readonly problem: Reason | null;
} {
  try {
    const samples = readJsonLines<ResourceSample>(files.resources);
    const runtime = readJsonLines<RuntimeSample>(files.runtime);
    return { samples, runtime, machine: readJsonLines<MachineSample>(files.machine), problem: null };
  } catch (error) {
    return {
      samples: [],
      runtime: [],
      machine: [],
      problem: { code: "internal", message: asFaultlineError(error).message },
    };
  }
}
