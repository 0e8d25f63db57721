import { assert } from "../../base/assert.ts";
import { crc32c } from "../../base/crc32c.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { LateLength } from "./length-prefix.ts";

/**
 * The frame of every file of a checkpoint, little endian: magic `FLCK`, version (u32), payload, then what is known only at the end: late
 * lengths, each its place in the payload (f64) and the length (u32), their number (u32), payload length (f64), CRC-32C of all that (u32).
 * So a file can be written while its content is being made, and one that was cut, lengthened or changed anywhere is told from a whole one.
 */
const MAGIC = 0x4b434c46;
const VERSION = 2;
const HEADER_BYTES = 8;
const LATE_LENGTH_BYTES = 12;
const TRAILER_BYTES = 16;

/** Makes a file of what is added, piece by piece, without keeping it. */
export class SnapshotFrame {
  #checksum = 0;
  #payloadBytes = 0;
  #bytes = 0;

  /** What the file begins with. */
  header(): Uint8Array {
    const header = new Uint8Array(HEADER_BYTES);
    const view = viewOf(header);
    view.setUint32(0, MAGIC, true);
    view.setUint32(4, VERSION, true);
    this.#count(header);
    return header;
  }

  /** The payload goes on with `piece`. */
  add(piece: Uint8Array): void {
    this.#count(piece);
    this.#payloadBytes += piece.length;
  }

  /** What the file ends with. `lateLengths`: prefixes that are 0 in the payload so far. */
  trailer(lateLengths: readonly LateLength[] = []): Uint8Array {
    assert(this.#bytes === HEADER_BYTES + this.#payloadBytes, "a file has a header and one trailer");
    const trailer = new Uint8Array(lateLengths.length * LATE_LENGTH_BYTES + TRAILER_BYTES);
    const view = viewOf(trailer);
    for (const [index, { at, length }] of lateLengths.entries()) {
      view.setFloat64(index * LATE_LENGTH_BYTES, at, true);
      view.setUint32(index * LATE_LENGTH_BYTES + 8, length, true);
    }
    const end = trailer.length;
    view.setUint32(end - 16, lateLengths.length, true);
    view.setFloat64(end - 12, this.#payloadBytes, true);
    this.#count(trailer.subarray(0, end - 4));
    view.setUint32(end - 4, this.#checksum, true);
    this.#bytes += 4;
    return trailer;
  }

  /** Of the whole file: how long it is and its CRC-32C but for its last four bytes, which are that. After the trailer. */
  get result(): { readonly bytes: number; readonly checksum: number } {
    return { bytes: this.#bytes, checksum: this.#checksum };
  }

  #count(piece: Uint8Array): void {
    this.#checksum = crc32c(piece, this.#checksum);
    this.#bytes += piece.length;
  }
}

/** The file with these pieces, one after the other, as its payload. */
export function encodeSnapshotFile(pieces: readonly Uint8Array[]): Uint8Array {
  const frame = new SnapshotFrame();
  const header = frame.header();
  for (const piece of pieces) frame.add(piece);
  const file = new Uint8Array(HEADER_BYTES + pieces.reduce((sum, { length }) => sum + length, 0) + TRAILER_BYTES);
  let at = 0;
  for (const part of [header, ...pieces, frame.trailer()]) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/**
 * The payload, as a view of the file's bytes, in which late lengths are filled in: the caller must own them. `snapshot-corrupt` with what is
 * wrong in `context.problem`. With `expected` (from the checkpoint's metadata) also a whole file is refused that is not the one which was stored.
 */
export function decodeSnapshotFile(
  file: Uint8Array,
  expected?: { readonly bytes: number; readonly checksum: number },
): Uint8Array {
  if (expected !== undefined && file.length !== expected.bytes) {
    throw corrupt(`torn: ${file.length} of ${expected.bytes} bytes`);
  }
  if (file.length < HEADER_BYTES + TRAILER_BYTES) throw corrupt(`torn: ${file.length} bytes`);
  const view = viewOf(file);
  if (view.getUint32(0, true) !== MAGIC) throw corrupt("it does not begin as a snapshot does");
  const version = view.getUint32(4, true);
  if (version !== VERSION) throw corrupt(`version ${version}, where ${VERSION} is known`);
  const end = file.length;
  const checksum = crc32c(file.subarray(0, end - 4));
  if (checksum !== view.getUint32(end - 4, true)) throw corrupt("torn or changed: its checksum is wrong");
  if (expected !== undefined && checksum !== expected.checksum) throw corrupt("it is whole, but not what was stored");
  const lengths = view.getUint32(end - 16, true);
  const payloadBytes = view.getFloat64(end - 12, true);
  const lengthsAt = HEADER_BYTES + payloadBytes;
  if (lengthsAt + lengths * LATE_LENGTH_BYTES + TRAILER_BYTES !== end) throw corrupt("its parts do not fit together");
  for (let at = lengthsAt; at < end - TRAILER_BYTES; at += LATE_LENGTH_BYTES) {
    view.setUint32(HEADER_BYTES + view.getFloat64(at, true), view.getUint32(at + 8, true), true);
  }
  return file.subarray(HEADER_BYTES, lengthsAt);
}

function viewOf(file: Uint8Array): DataView {
  return new DataView(file.buffer, file.byteOffset, file.byteLength);
}

function corrupt(problem: string): FaultlineError {
  return new FaultlineError("snapshot-corrupt", `a stored snapshot is damaged: ${problem}`, { context: { problem } });
}
