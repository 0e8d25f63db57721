/** Batch buffers between two uses: at most so many as batches that a producer may hold, so that a full one takes none anew. */
export class BufferPool {
  readonly #maxFree: number;
  readonly #free: Buffer[] = [];

  constructor(maxFree: number) {
    this.#maxFree = maxFree;
  }

  /** A buffer of any size, or null when there is none. */
  take(): Buffer | null {
    return this.#free.pop() ?? null;
  }

  give(buffer: Buffer): void {
    if (this.#free.length < this.#maxFree) this.#free.push(buffer);
  }
}
