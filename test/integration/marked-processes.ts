import { readdirSync, readFileSync } from "node:fs";

/** A variable that processes inherit: by its value everything that a test has started is found. */
export const MARK = "FAULTLINE_TEST_MARK";

/** Command lines of the processes that carry this mark, by pid. */
export function markedProcesses(mark: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!readFileSync(`/proc/${name}/environ`, "latin1").split("\0").includes(`${MARK}=${mark}`)) continue;
      found.set(Number(name), readFileSync(`/proc/${name}/cmdline`, "latin1").replaceAll("\0", " "));
    } catch {
      // It has just ended, or is not ours to look at.
    }
  }
  return found;
}
