import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type ProcessStart, startProcess } from "./processes.ts";
import { type Waiting, waitUntil } from "./wait.ts";

const POLL_MS = 10;

export interface HelperOutcome {
  /** Exit code 0 in time. */
  readonly ok: boolean;
  /** What it did, for people. */
  readonly how: string;
  /** Its stdout and stderr. */
  readonly output: string;
}

/** Runs a command of the user's to its end; after `limitMs` it is killed, with everything that it started. */
export async function runHelper(waiting: Waiting, start: ProcessStart, limitMs: number): Promise<HelperOutcome> {
  rmSync(join(start.logDir, `${start.role}.log`), { force: true });
  const { process: helper, exited, logFile } = startProcess(start);
  let how: string | null = null;
  void exited.then(({ code, signal }) => {
    how = signal ?? `exit code ${code}`;
  });
  const ended = await waitUntil(waiting, { everyMs: POLL_MS, limitMs }, () => how !== null);
  helper.signal("SIGKILL"); // it, or what it left behind
  await exited;
  helper.release();
  const output = readFileSync(logFile, "utf8");
  return { ok: ended && how === "exit code 0", how: ended ? String(how) : `not done after ${limitMs} ms`, output };
}
