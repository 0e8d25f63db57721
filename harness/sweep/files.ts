import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { FaultlineError, systemCode } from "../../base/errors.ts";

/** Writes a file so that readers, also after a crash, see the old content or the new one whole. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await onDisk(path, async () => {
    try {
      await writeSynced(temporary, content);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }); // half a file on a full disk would only take room
      throw error;
    }
    await syncDirectory(dirname(path));
  });
}

/** Appends one line and forces it to the disk. A crash can leave a torn last line, which `readLines` leaves out. */
export async function appendLine(path: string, line: string): Promise<void> {
  await onDisk(path, async () => {
    const file = await open(path, "a+");
    try {
      const { size } = await file.stat();
      const torn = size > 0 && (await lastByte(file, size)) !== 0x0a;
      await file.writeFile(`${torn ? "\n" : ""}${line}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/** The text, or null when there is no such file. */
export async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    const why = systemCode(error) === "EISDIR" ? "it is a folder" : (systemCode(error) ?? "");
    throw new FaultlineError("results-unreadable", `cannot read ${path}: ${why}`, { cause: error });
  }
}

/** Makes the directory and what is missing above it. Throws `output-unwritable` or `disk-full`. */
export async function makeDirectory(path: string): Promise<void> {
  await onDisk(path, () => makePath(resolve(path)));
}

/** Step by step: the recursive mkdir of Node never returns where nothing can be made, as below /proc. */
async function makePath(path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = path; !(await exists(at)); at = dirname(at)) missing.push(at);
  for (const directory of missing.reverse()) {
    try {
      await mkdir(directory);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error; // somebody else has just made it
    }
  }
  if (!(await stat(path)).isDirectory()) throw new Error("it is a file");
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return dirname(path) === path;
    throw error;
  }
}

/** No such file, or something above it is no directory. */
export function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

async function lastByte(file: Awaited<ReturnType<typeof open>>, size: number): Promise<number> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0]!;
}

async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function onDisk(path: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (error instanceof FaultlineError) throw error;
    const full = systemCode(error) === "ENOSPC";
    const why = error instanceof Error ? error.message : String(error);
    throw new FaultlineError(full ? "disk-full" : "output-unwritable", `cannot write ${path}: ${why}`, {
      hint: full ? "Free some space; finished runs are kept." : "Choose another results folder with --out.",
      cause: error,
    });
  }
}
