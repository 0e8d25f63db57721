import { readFileSync, statSync } from "node:fs";
import { FaultlineError } from "../../base/errors.ts";
import type { Files } from "../ports.ts";

/** Files of this machine; relative paths begin at the process's working directory. */
export const machineFiles: Files = {
  read(path, maxBytes) {
    const size = sizeOf(path);
    if (size <= maxBytes) return readFileSync(path);
    throw new FaultlineError("job-invalid", `${path} has ${size} bytes, more than ${maxBytes}`, {
      hint: "raise maxBytes, or make the table a stream and join with that",
    });
  },
};

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (cause) {
    throw new FaultlineError("job-invalid", `${path} cannot be read`, {
      cause,
      hint: "it must be there on every worker",
    });
  }
}
