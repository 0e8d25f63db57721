import { readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, resolve } from "node:path";
import { FaultlineError, systemCode } from "../../base/errors.ts";
import type { CheckpointStore, StoreFile } from "../ports.ts";
import { syncDirectory } from "./durable-directory.ts";
import { FileInProgress } from "./file-in-progress.ts";
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
    const file = this.create(path);
    file.append([bytes], () => {});
    file.finish(done);
  }

  create(path: string): StoreFile {
    const target = this.#resolve(path);
    return new FileInProgress(target, this.#temporaryOf(target), (error) => storeError(error, `write ${path}`));
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

function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}
