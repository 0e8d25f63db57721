import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs, wallClockMs } from "../../base/clock.ts";
import { systemCode } from "../../base/errors.ts";
import { identify, isRunning, type ProcessIdentity } from "./process-identity.ts";

const POLL_MS = 200;
/** A lock file without readable content is given this long: its owner may be about to write it. */
const UNWRITTEN_MS = 2_000;
const DEFAULT_WAIT_MS = 15 * 60 * 1000;

/**
 * Runs `work` while no other process that locks the same file does. A lock whose owner is dead, or that is held for longer than
 * `waitMs`, is taken over. A courtesy that saves doing the same work twice, not a guarantee: what `work` does must be safe without it.
 */
export async function withFileLock<T>(
  path: string,
  onWait: () => void,
  work: () => Promise<T>,
  waitMs = DEFAULT_WAIT_MS,
): Promise<T> {
  let hasWaited = false;
  const endUs = monotonicUs() + waitMs * 1000;
  while (!tryLock(path)) {
    if (isStale(path) || monotonicUs() > endUs) {
      rmSync(path, { force: true });
      continue;
    }
    if (!hasWaited) onWait();
    hasWaited = true;
    await delay(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, "wx");
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
  writeSync(file, JSON.stringify(identify(process.pid)));
  closeSync(file);
  return true;
}

function isStale(path: string): boolean {
  try {
    const text = readFileSync(path, "utf8");
    if (text === "") return wallClockMs() - statSync(path).mtimeMs > UNWRITTEN_MS;
    return !isRunning(JSON.parse(text) as ProcessIdentity);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false; // released meanwhile: try again
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}
