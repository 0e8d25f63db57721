import { type ReadProc, readProcFile } from "../measure/proc-stat.ts";

/** A process as the kernel shows it. */
export interface ProcessLook {
  /** `R` running, `S` sleeping, `T` stopped … (proc(5)). */
  readonly state: string;
  /** Clock ticks since boot: tells it from another one with the same id. */
  readonly startTicks: string;
}

/** null when it is gone or only its exit status is left. */
export function lookAt(pid: number, read: ReadProc = readProcFile): ProcessLook | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The name, in parentheses, may itself hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = "X"] = fields;
  return state === "Z" || state === "X" ? null : { state, startTicks: fields[19] ?? "" };
}
