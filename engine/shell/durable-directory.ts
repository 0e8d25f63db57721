import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "../../base/errors.ts";

/** Makes a directory and what is missing above it, so that they survive a crash. */
export async function makeDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  const top = dirname(first);
  for (let made = directory; made !== top; made = dirname(made)) await syncDirectory(dirname(made));
}

/** A renamed file survives a crash only when its directory does. */
export async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
