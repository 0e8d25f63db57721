import { readFileSync } from "node:fs";
import { systemCode } from "../../base/errors.ts";

/** Ticks a second of the CPU counters in /proc: 100 in every Linux that user space sees (`sysconf(_SC_CLK_TCK)`). */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export interface ProcessUsage {
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  readonly rssBytes: number;
}

/** Reads a file of /proc; null when the process is gone. */
export type ReadProc = (path: string) => string | null;

export const readProcFile: ReadProc = (path) => {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ESRCH") return null;
    throw error;
  }
};

/** CPU and memory of a process as the kernel counts them; null when it is gone or only its exit status is left. */
export function readUsage(pid: number, read: ReadProc): ProcessUsage | null {
  const stat = read(`/proc/${pid}/stat`);
  const memory = read(`/proc/${pid}/statm`);
  if (stat === null || memory === null) return null;
  // The name in parentheses may hold spaces and parentheses: count from its last one. Fields from `state`, the third.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return null;
  return {
    cpuUserMs: (Number(fields[11]) * 1000) / TICKS_PER_SECOND,
    cpuSystemMs: (Number(fields[12]) * 1000) / TICKS_PER_SECOND,
    rssBytes: Number(memory.split(" ")[1]) * PAGE_BYTES,
  };
}
