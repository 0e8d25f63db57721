const RECORD_BYTES = 24;
const BUFFERED_RECORDS = 1024;

/**
 * When events were sent, as runs of consecutive indexes: records of 24 bytes, little endian, {first index f64, end index f64
 * (exclusive), sent µs f64 (monotonic)}. Gathered in memory and appended in blocks.
 */
export class SentLog {
  readonly #append: (bytes: Uint8Array) => void;
  readonly #buffer = new Uint8Array(RECORD_BYTES * BUFFERED_RECORDS);
  readonly #view = new DataView(this.#buffer.buffer);
  #length = 0;

  constructor(append: (bytes: Uint8Array) => void) {
    this.#append = append;
  }

  record(firstIndex: number, endIndex: number, sentUs: number): void {
    this.#view.setFloat64(this.#length, firstIndex, true);
    this.#view.setFloat64(this.#length + 8, endIndex, true);
    this.#view.setFloat64(this.#length + 16, sentUs, true);
    this.#length += RECORD_BYTES;
    if (this.#length === this.#buffer.length) this.flush();
  }

  flush(): void {
    if (this.#length === 0) return;
    this.#append(this.#buffer.slice(0, this.#length));
    this.#length = 0;
  }
}
