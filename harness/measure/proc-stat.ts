import { readdirSync, readFileSync } from "node:fs";
import { systemCode } from "../../base/errors.ts";

/** Ticks a second of the CPU counters in /proc: 100 in every Linux that user space sees (`sysconf(_SC_CLK_TCK)`). */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export interface ProcessUsage {
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  readonly rssBytes: number;
  /** Bytes through read and write calls (sockets, pipes and files alike) since its start; absent where the kernel does not tell. */
  readonly readBytes?: number;
  readonly writtenBytes?: number;
}

/** Reads a file of /proc; null when the process is gone or the file is not ours to read. */
export type ReadProc = (path: string) => string | null;

/** As utf8, which Node reads in one piece; in another encoding each read of a file without a size costs it a buffer of 64 KiB. */
export const readProcFile: ReadProc = (path) => nullIfUnreadable(() => readFileSync(path, "utf8"));

/** Ids of the threads of a process; null when it is gone. */
export type ListThreads = (pid: number) => readonly string[] | null;

export const listThreads: ListThreads = (pid) => nullIfUnreadable(() => readdirSync(`/proc/${pid}/task`));

function nullIfUnreadable<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM") return null;
    throw error;
  }
}

/** CPU, memory and transferred bytes of a process as the kernel counts them; null when it is gone or only its exit status is left. */
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
    ...transferred(read(`/proc/${pid}/io`)),
  };
}

/** CPU time of the whole machine since it started, all cores together. */
export interface MachineUsage {
  /** Spent on anybody's work, the kernel's included. */
  readonly busyMs: number;
  /** A host gave it to other machines while this one had work. */
  readonly stolenMs: number;
}

/** What the kernel counts for the machine; null where it does not tell. */
export function readMachineUsage(read: ReadProc): MachineUsage | null {
  const fields = read("/proc/stat")
    ?.match(/^cpu +(.*)$/m)?.[1]
    ?.split(" ");
  if (fields === undefined) return null;
  const ms = fields.map((ticks) => (Number(ticks) * 1000) / TICKS_PER_SECOND);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolenMs = 0] = ms;
  return { busyMs: user + nice + system + irq + softirq, stolenMs };
}

export interface ContextSwitches {
  /** It waited for something. */
  readonly voluntarySwitches: number;
  /** The scheduler gave its core to somebody else. */
  readonly involuntarySwitches: number;
}

/** Context switches of all threads that a process has now, each since its start; null where the kernel does not tell. */
export function readSwitches(pid: number, read: ReadProc, threadsOf: ListThreads): ContextSwitches | null {
  let [voluntarySwitches, involuntarySwitches, threads] = [0, 0, 0];
  for (const thread of threadsOf(pid) ?? []) {
    const status = read(`/proc/${pid}/task/${thread}/status`);
    const [voluntary, involuntary] = [
      counter(status, "voluntary_ctxt_switches"),
      counter(status, "nonvoluntary_ctxt_switches"),
    ];
    if (voluntary === null || involuntary === null) continue; // it has just ended
    voluntarySwitches += voluntary;
    involuntarySwitches += involuntary;
    threads++;
  }
  return threads === 0 ? null : { voluntarySwitches, involuntarySwitches };
}

/** `rchar` and `wchar`: what all threads passed to read, write and sendfile calls. Messages of `sendmsg` and `recvmsg` are not in it. */
function transferred(io: string | null): Pick<ProcessUsage, "readBytes" | "writtenBytes"> {
  const [readBytes, writtenBytes] = [counter(io, "rchar"), counter(io, "wchar")];
  return readBytes === null || writtenBytes === null ? {} : { readBytes, writtenBytes };
}

/** The number behind `name:` in a file of lines; null: it is not there. */
function counter(text: string | null, name: string): number | null {
  const digits = text?.match(new RegExp(`^${name}:\\s*(\\d+)$`, "m"))?.[1];
  return digits === undefined ? null : Number(digits);
}
