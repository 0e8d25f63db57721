import { constants, copyFile, link, mkdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { systemCode } from "../../base/errors.ts";
import type { LocalStore } from "../ports.ts";
import { FileStore } from "./file-store.ts";
import { storeError } from "./store-error.ts";

/** Why a file can have no second name there: another file system, one without such, or too many names already. */
const NO_LINK = new Set(["EXDEV", "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EACCES"]);

/**
 * A process's copies of the files of a store in a directory. Where both are on one file system a copy is a second name of the same file
 * and costs nothing: it stays when the store's name is removed, and the store's outages do not concern it. Elsewhere the kernel copies it.
 * Copies need not survive a crash of the machine.
 */
export class LocalFiles implements LocalStore {
  readonly #directory: string;
  readonly #storeDirectory: string;
  readonly #files: FileStore;

  constructor(directory: string, storeDirectory: string) {
    this.#directory = resolve(directory);
    this.#storeDirectory = resolve(storeDirectory);
    this.#files = new FileStore(directory);
  }

  keep(path: string, done: (error: Error | null) => void): void {
    this.#keep(join(this.#storeDirectory, path), join(this.#directory, path)).then(
      () => done(null),
      (error) => done(storeError(error, `keep ${path}`)),
    );
  }

  read(path: string, done: (error: Error | null, bytes: Uint8Array | null) => void): void {
    this.#files.read(path, done);
  }

  remove(path: string, done: (error: Error | null) => void): void {
    this.#files.remove(path, done);
  }

  async #keep(from: string, to: string): Promise<void> {
    await mkdir(dirname(to), { recursive: true });
    try {
      await rm(to, { force: true });
      await link(from, to);
    } catch (error) {
      if (!NO_LINK.has(systemCode(error) ?? "")) throw error;
      await copyFile(from, to, constants.COPYFILE_FICLONE);
    }
  }
}
