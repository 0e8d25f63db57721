import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, resolve } from "node:path";
import { FaultlineError, systemCode } from "../../base/errors.ts";
import type { CheckpointStore } from "../ports.ts";
import { storeError } from "./store-error.ts";

/** Ends the names of what is being written or removed; nobody sees them, and what a crash leaves of them goes with their folder. */
const TEMPORARY = ".tmp";

/** Checkpoints as files below one directory. A written file is whole and survives a crash, or is not there; a folder is removed at once. */
export class FileStore implements CheckpointStore {
  readonly #directory: string;
  #temporaries = 0;

  constructor(directory: string) {
    this.#directory = resolve(directory);
  }

  write(path: string, bytes: Uint8Array, done: (error: Error | null) => void): void {
    this.#write(this.#resolve(path), bytes).then(
      () => done(null),
      (error) => done(storeError(error, `write ${path}`)),
    );
  }

  read(path: string, done: (error: Error | null, bytes: Uint8Array | null) => void): void {
    readFile(this.#resolve(path)).then(
      (bytes) => done(null, bytes),
      (error) => done(storeError(error, `read ${path}`), null),
    );
  }

  remove(path: string, done: (error: Error | null) => void): void {
    this.#remove(this.#resolve(path)).then(
      () => done(null),
      (error) => done(storeError(error, `remove ${path}`)),
    );
  }

  list(path: string, done: (error: Error | null, names: readonly string[] | null) => void): void {
    namesIn(this.#resolve(path)).then(
      (names) => done(null, names),
      (error) => done(storeError(error, `list ${path}`), null),
    );
  }

  #resolve(path: string): string {
    const inside = normalize(path);
    if (isAbsolute(inside) || inside === "." || inside.split(/[\\/]/)[0] === "..") {
      throw new FaultlineError("assertion-failed", `checkpoint path "${path}" leaves the store`);
    }
    return join(this.#directory, inside);
  }

  #temporaryOf(target: string): string {
    return `${target}.${process.pid}-${this.#temporaries++}${TEMPORARY}`;
  }

  async #write(target: string, bytes: Uint8Array): Promise<void> {
    const directory = dirname(target);
    await makeDirectory(directory);
    const temporary = this.#temporaryOf(target);
    try {
      const file = await open(temporary, "wx");
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncDirectory(directory);
  }

  /** Out of sight first: a folder that is removed half-way must not be taken for a whole one after a crash. */
  async #remove(target: string): Promise<void> {
    const temporary = this.#temporaryOf(target);
    try {
      await rename(target, temporary);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    await syncDirectory(dirname(target));
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    const names = await readdir(directory);
    return names.filter((name) => !name.endsWith(TEMPORARY)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Makes a directory and what is missing above it, so that they survive a crash. */
async function makeDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  const top = dirname(first);
  for (let made = directory; made !== top; made = dirname(made)) await syncDirectory(dirname(made));
}

/** A renamed file survives a crash only when its directory does. */
async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}
