import type { FileHandle } from "node:fs/promises";
import { mkdir, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../../base/assert.ts";
import { asFaultlineError } from "../../base/errors.ts";
import type { ScratchFile, ScratchFiles } from "../ports.ts";

/**
 * Scratch files in a directory of this machine. Each is unlinked as soon as it is open, so that the system takes its space back with the
 * process, however that ends: nothing is there to be found and removed later. Their bytes are never made durable.
 */
export function machineScratch(directory: string): ScratchFiles {
  let files = 0;
  return { create: () => new MachineScratchFile(directory, `${process.pid}-${files++}.scratch`) };
}

/** One operation after the other, in the order of the calls. */
class MachineScratchFile implements ScratchFile {
  readonly #opened: Promise<FileHandle>;
  /** Settled when all operations so far are over; it never rejects. */
  #last: Promise<void> = Promise.resolve();
  #bytes = 0;
  #removed = false;

  constructor(directory: string, name: string) {
    this.#opened = openUnlinked(directory, name);
    // Who appends first is told.
    this.#opened.catch(() => {});
  }

  append(bytes: Uint8Array, done: (error: Error | null) => void): void {
    const offset = this.#bytes;
    this.#bytes += bytes.length;
    this.#then(async (file) => {
      for (let written = 0; written < bytes.length; ) {
        written += (await file.write(bytes, written, bytes.length - written, offset + written)).bytesWritten;
      }
      return null;
    }, done);
  }

  read(offset: number, length: number, done: (error: Error | null, bytes: Uint8Array | null) => void): void {
    assert(offset + length <= this.#bytes, "more is read than was written", { offset, length });
    this.#then(async (file) => {
      const bytes = new Uint8Array(length);
      for (let filled = 0; filled < length; ) {
        const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) throw new Error(`the file ends at ${offset + filled}`);
        filled += bytesRead;
      }
      return bytes;
    }, done);
  }

  remove(): void {
    this.#removed = true;
    // Nobody needs what was in it: nor does it matter that it could not be opened, or is not closed without complaint.
    this.#last = this.#last
      .then(() => this.#opened)
      .then((file) => file.close())
      .catch(() => {});
  }

  #then<T>(work: (file: FileHandle) => Promise<T>, done: (error: Error | null, result: T | null) => void): void {
    const outcome = this.#last.then(async () => (this.#removed ? null : work(await this.#opened)));
    this.#last = outcome.then(
      () => {},
      () => {},
    );
    const tell = (error: Error | null, result: T | null) => {
      if (!this.#removed) done(error, result);
    };
    outcome.then(
      (result) => tell(null, result),
      (error) => tell(asFaultlineError(error, "spill-failed"), null),
    );
  }
}

async function openUnlinked(directory: string, name: string): Promise<FileHandle> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, name);
  const file = await open(path, "wx+");
  await unlink(path);
  return file;
}
