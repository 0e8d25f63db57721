import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { StoreFile } from "../ports.ts";
import { makeDirectory, syncDirectory } from "./durable-directory.ts";

/** Pieces that the kernel takes at once. */
const MAX_VECTOR = 1024;

/** A file that is written under another name and gets its own when it is whole and durable. One operation after the other. */
export class FileInProgress implements StoreFile {
  readonly #target: string;
  readonly #temporary: string;
  readonly #asStoreError: (error: unknown) => Error;
  #file: FileHandle | null = null;
  #failure: unknown = null;
  #last: Promise<void>;

  /** `temporary`: in the same directory as `target`, which is made. */
  constructor(target: string, temporary: string, asStoreError: (error: unknown) => Error) {
    this.#target = target;
    this.#temporary = temporary;
    this.#asStoreError = asStoreError;
    this.#last = this.#open().catch((error) => this.#fail(error));
  }

  append(pieces: readonly Uint8Array[], taken: () => void): void {
    this.#last = this.#last
      .then(() => (this.#failure === null ? this.#write(pieces) : undefined))
      .catch((error) => this.#fail(error))
      .then(taken);
  }

  finish(done: (error: Error | null) => void): void {
    this.#last
      .then(() => this.#publish())
      .then(
        () => done(null),
        async (error) => {
          await this.#clear();
          done(this.#asStoreError(error));
        },
      );
  }

  abandon(): void {
    this.#last.then(() => this.#clear());
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
  }

  async #open(): Promise<void> {
    await makeDirectory(dirname(this.#target));
    this.#file = await open(this.#temporary, "wx");
  }

  async #write(pieces: readonly Uint8Array[]): Promise<void> {
    let left = pieces.filter(({ length }) => length > 0);
    while (left.length > 0) {
      const { bytesWritten } = await this.#file!.writev(left.slice(0, MAX_VECTOR));
      left = after(left, bytesWritten);
    }
  }

  async #publish(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    await this.#file!.sync();
    await this.#close();
    await rename(this.#temporary, this.#target);
    await syncDirectory(dirname(this.#target));
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  /** What cannot be removed goes with its folder. */
  async #clear(): Promise<void> {
    try {
      await this.#close();
      await rm(this.#temporary, { force: true });
    } catch (error) {
      this.#fail(error);
    }
  }
}

/** What is left of the pieces without their first `bytes`. */
function after(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let first = 0;
  let at = bytes;
  while (first < pieces.length && at >= pieces[first]!.length) at -= pieces[first++]!.length;
  return first === pieces.length ? [] : [pieces[first]!.subarray(at), ...pieces.slice(first + 1)];
}
