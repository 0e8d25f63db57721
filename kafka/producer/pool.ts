const MAX_FREE = 64;

/** Batch buffers between two uses. */
export class BufferPool {
  readonly #free: Buffer[] = [];

  /** A buffer of any size, or null when there is none. */
  take(): Buffer | null {
    return this.#free.pop() ?? null;
  }

  give(buffer: Buffer): void {
    if (this.#free.length < MAX_FREE) this.#free.push(buffer);
  }
}
