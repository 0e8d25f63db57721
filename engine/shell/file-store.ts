import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { FaultlineError, systemCode } from "../../base/errors.ts";
import type { CheckpointStore } from "../ports.ts";

/** Checkpoints as files below one directory. A written file is whole and survives a crash, or is not there. */
export class FileStore implements CheckpointStore {
  readonly #directory: string;
  #temporaries = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  write(path: string, bytes: Uint8Array, done: (error: Error | null) => void): void {
    this.#write(this.#resolve(path), bytes).then(() => done(null), done);
  }

  read(path: string, done: (error: Error | null, bytes: Uint8Array | null) => void): void {
    readFile(this.#resolve(path)).then(
      (bytes) => done(null, bytes),
      (error) => done(error, null),
    );
  }

  /** Removing what is not there is no error. */
  remove(path: string, done: (error: Error | null) => void): void {
    const target = this.#resolve(path);
    rm(target, { force: true })
      .then(() => syncDirectory(dirname(target)))
      .then(() => done(null), done);
  }

  #resolve(path: string): string {
    const inside = normalize(path);
    if (isAbsolute(inside) || inside.split(/[\\/]/)[0] === "..") {
      throw new FaultlineError("assertion-failed", `checkpoint path "${path}" leaves the store`);
    }
    return join(this.#directory, inside);
  }

  async #write(target: string, bytes: Uint8Array): Promise<void> {
    const directory = dirname(target);
    await mkdir(directory, { recursive: true });
    const temporary = `${target}.${process.pid}-${this.#temporaries++}.tmp`;
    try {
      const file = await open(temporary, "wx");
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
      await syncDirectory(directory);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
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
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
