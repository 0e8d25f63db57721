import { readdirSync, readFileSync } from "node:fs";
import { systemCode } from "../../../base/errors.ts";

const MS_PER_TICK = 10;
/** Names of a JVM's compiler threads as the kernel cuts them. */
const COMPILER_THREAD = /^C[12] Compiler/;
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** Processor time that the compiler threads of a running JVM have used so far, ms; null where the system does not tell, or the JVM is gone. */
export function compilerTimeMs(pid: number): number | null {
  const tasks = `/proc/${pid}/task`;
  let threads: string[];
  try {
    threads = readdirSync(tasks);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
  return threads.reduce((sum, thread) => sum + threadTimeMs(`${tasks}/${thread}/stat`), 0);
}

function threadTimeMs(statFile: string): number {
  let stat: string;
  try {
    stat = readFileSync(statFile, "utf8");
  } catch (error) {
    if (isGone(error)) return 0; // the JVM ends compiler threads that have nothing to do
    throw error;
  }
  const nameEnd = stat.lastIndexOf(")");
  if (!COMPILER_THREAD.test(stat.slice(stat.indexOf("(") + 1, nameEnd))) return 0;
  const fields = stat.slice(nameEnd + 2).split(" ");
  return (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * MS_PER_TICK;
}

function isGone(error: unknown): boolean {
  return ["ENOENT", "ESRCH"].includes(systemCode(error) ?? "");
}
