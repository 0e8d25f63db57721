import { FaultlineError } from "../../base/errors.ts";

/** Bytes before each message on a TCP connection: its length, unsigned 32 bit, little endian. */
const PREFIX_BYTES = 4;

/** Largest message that is sent or taken. Far above any data frame; a larger length means that the peer speaks something else. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/**
 * Cuts a byte stream into its length-prefixed messages. A message that lies in one chunk is a view of it, so chunks must never be
 * reused by who reads them; a message split over chunks is assembled in bytes of its own.
 */
export class MessageAssembler {
  readonly #onMessage: (message: Uint8Array) => void;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixFilled = 0;
  #partial: Uint8Array | null = null;
  #partialFilled = 0;

  constructor(onMessage: (message: Uint8Array) => void) {
    this.#onMessage = onMessage;
  }

  /** true when the stream may not end here: a message has begun. */
  get midMessage(): boolean {
    return this.#prefixFilled > 0 || this.#partial !== null;
  }

  /** Takes the next bytes. Throws `cluster-protocol` on a length above `MAX_MESSAGE_BYTES`; the stream is useless then. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) at = this.#partial === null ? this.#begin(chunk, at) : this.#fill(chunk, at);
  }

  #begin(chunk: Uint8Array, at: number): number {
    let start = at;
    let length: number;
    if (this.#prefixFilled === 0 && chunk.length - at >= PREFIX_BYTES) {
      length = readLength(chunk, at);
      start = at + PREFIX_BYTES;
    } else {
      while (this.#prefixFilled < PREFIX_BYTES && start < chunk.length) {
        this.#prefix[this.#prefixFilled++] = chunk[start++]!;
      }
      if (this.#prefixFilled < PREFIX_BYTES) return start;
      length = readLength(this.#prefix, 0);
      this.#prefixFilled = 0;
    }
    if (chunk.length - start >= length) {
      this.#onMessage(chunk.subarray(start, start + length));
      return start + length;
    }
    this.#partial = new Uint8Array(length);
    this.#partial.set(chunk.subarray(start));
    this.#partialFilled = chunk.length - start;
    return chunk.length;
  }

  #fill(chunk: Uint8Array, at: number): number {
    const message = this.#partial!;
    const end = Math.min(chunk.length, at + message.length - this.#partialFilled);
    message.set(chunk.subarray(at, end), this.#partialFilled);
    this.#partialFilled += end - at;
    if (this.#partialFilled === message.length) {
      this.#partial = null;
      this.#onMessage(message);
    }
    return end;
  }
}

function readLength(bytes: Uint8Array, at: number): number {
  const length = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  if (length > MAX_MESSAGE_BYTES) {
    throw new FaultlineError("cluster-protocol", `a message of ${length} bytes was announced`, {
      hint: "Something that is no process of this cluster talks to its port.",
      context: { length, most: MAX_MESSAGE_BYTES },
    });
  }
  return length;
}

/** Prefix, header and, when it is short, payload in one buffer; the payload apart when copying it would cost more than a second write. */
export function frameMessage(header: Uint8Array, payload: Uint8Array | null): readonly Uint8Array[] {
  const payloadBytes = payload?.length ?? 0;
  const length = header.length + payloadBytes;
  if (length > MAX_MESSAGE_BYTES) {
    throw new FaultlineError("assertion-failed", `message of ${length} bytes, at most ${MAX_MESSAGE_BYTES}`);
  }
  const apart = payloadBytes > COPY_BYTES;
  const first = Buffer.allocUnsafe(PREFIX_BYTES + header.length + (apart ? 0 : payloadBytes));
  first.writeUInt32LE(length, 0);
  first.set(header, PREFIX_BYTES);
  if (payload === null || payloadBytes === 0) return [first];
  if (apart) return [first, payload];
  first.set(payload, PREFIX_BYTES + header.length);
  return [first];
}

const COPY_BYTES = 1024;
