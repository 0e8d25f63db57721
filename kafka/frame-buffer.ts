import { FaultlineError } from "../base/errors.ts";

const SIZE_FIELD = 4;
const FIRST_CAPACITY = 64 * 1024;
const LEAST_READ = 16 * 1024;

/**
 * Collects length-prefixed frames from a socket without joining chunks: the socket reads straight into `space()`, and a
 * frame is handed out in place. Grows to the largest frame seen, at most `maxFrameBytes`.
 */
export class FrameBuffer {
  readonly #maxFrameBytes: number;
  #buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #start = 0;
  #end = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Where the next bytes of the socket go; never empty. Moves what is buffered only when there is too little room behind it. */
  space(): Uint8Array {
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
    const pending = this.#end - this.#start;
    const frame = pending < SIZE_FIELD ? SIZE_FIELD : SIZE_FIELD + this.#buffer.readInt32BE(this.#start);
    const wanted = Math.max(frame, pending + LEAST_READ);
    if (this.#start + wanted > this.#buffer.length) {
      const target =
        wanted <= this.#buffer.length
          ? this.#buffer
          : Buffer.allocUnsafeSlow(Math.max(wanted, Math.min(2 * this.#buffer.length, this.#maxFrameBytes)));
      this.#buffer.copy(target, 0, this.#start, this.#end);
      this.#buffer = target;
      this.#start = 0;
      this.#end = pending;
    }
    return this.#buffer.subarray(this.#end);
  }

  /**
   * `length` bytes were read into `space()`. Calls `onFrame` for every frame that is complete; its bytes stay in place until
   * the next `space()`. Throws `kafka-protocol` for a size that cannot be one.
   */
  received(length: number, onFrame: (buffer: Buffer, start: number, end: number) => void): void {
    this.#end += length;
    while (this.#end - this.#start >= SIZE_FIELD) {
      const size = this.#buffer.readInt32BE(this.#start);
      if (size < SIZE_FIELD || size > this.#maxFrameBytes) {
        throw new FaultlineError("kafka-protocol", `the broker announces an answer of ${size} bytes`, {
          hint: "Check that the address is that of a Kafka broker and that it speaks plain text, not TLS.",
          context: { size, maxFrameBytes: this.#maxFrameBytes },
        });
      }
      const start = this.#start + SIZE_FIELD;
      if (this.#end - start < size) return;
      this.#start = start + size;
      onFrame(this.#buffer, start, start + size);
    }
  }
}
