import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { FaultlineError, systemCode } from "../../base/errors.ts";
import { identify, isRunning, type ProcessIdentity } from "../services/process-identity.ts";

export const LOCK_FILE = ".lock";
const ATTEMPTS = 3;

/**
 * Keeps a second sweep or analysis out of a results folder: two of them would write the same files. The lock of a process that is gone is
 * taken over. Resolves to the unlocking; throws `usage` when a running one holds the folder.
 */
export async function lockFolder(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, LOCK_FILE);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await create(path)) return () => rm(path, { force: true });
    const holder = await holderOf(path);
    if (holder !== null && isRunning(holder)) {
      throw new FaultlineError("usage", `another bench (process ${holder.pid}) is writing to ${directory}`, {
        hint: "Wait for its end; a sweep can go to another folder with --out.",
      });
    }
    await rm(path, { force: true });
  }
  throw new FaultlineError("output-unwritable", `cannot lock ${directory}`, {
    hint: `Remove ${path} if nobody uses it.`,
  });
}

async function create(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    try {
      await file.writeFile(JSON.stringify(identify(process.pid)));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    const why = error instanceof Error ? error.message : String(error);
    throw new FaultlineError("output-unwritable", `cannot write ${path}: ${why}`, {
      hint: "Choose another results folder with --out.",
      cause: error,
    });
  }
}

/** Null when the lock is gone or was torn by a crash. */
async function holderOf(path: string): Promise<ProcessIdentity | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as ProcessIdentity | null;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || error instanceof SyntaxError) return null;
    throw error;
  }
}
