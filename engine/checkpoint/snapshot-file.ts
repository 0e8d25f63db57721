import { assert } from "../../base/assert.ts";
import { crc32c } from "../../base/crc32c.ts";
import { FaultlineError } from "../../base/errors.ts";

/**
 * The frame of every file of a checkpoint, little endian: magic `FLCK`, version (u32), payload length (f64), payload, CRC-32C of all
 * that (u32). So a file that was cut, lengthened or changed anywhere is told from a whole one.
 */
const MAGIC = 0x4b434c46;
const VERSION = 1;
const HEADER_BYTES = 16;
const TRAILER_BYTES = 4;

/** Builds a file piece by piece, each copied once: for snapshots so large that a copy in one go would be felt. */
export class SnapshotFileWriter {
  readonly #file: Uint8Array;
  #at = HEADER_BYTES;
  #checksum: number;

  /** Needs to know how much will be added, bytes. */
  constructor(payloadBytes: number) {
    this.#file = new Uint8Array(HEADER_BYTES + payloadBytes + TRAILER_BYTES);
    const header = new DataView(this.#file.buffer, 0, HEADER_BYTES);
    header.setUint32(0, MAGIC, true);
    header.setUint32(4, VERSION, true);
    header.setFloat64(8, payloadBytes, true);
    this.#checksum = crc32c(this.#file.subarray(0, HEADER_BYTES));
  }

  add(piece: Uint8Array): void {
    assert(this.#at + piece.length <= this.#file.length - TRAILER_BYTES, "more payload than announced");
    this.#file.set(piece, this.#at);
    this.#checksum = crc32c(piece, this.#checksum);
    this.#at += piece.length;
  }

  /** CRC-32C of all that was added and of the header; the file's, when the payload is whole. */
  get checksum(): number {
    return this.#checksum;
  }

  /** The file; nothing may be added afterwards. */
  finish(): Uint8Array {
    assert(this.#at === this.#file.length - TRAILER_BYTES, "less payload than announced");
    new DataView(this.#file.buffer).setUint32(this.#at, this.#checksum, true);
    return this.#file;
  }
}

/** The file with these pieces, one after the other, as its payload. */
export function encodeSnapshotFile(pieces: readonly Uint8Array[]): Uint8Array {
  const writer = new SnapshotFileWriter(pieces.reduce((sum, { length }) => sum + length, 0));
  for (const piece of pieces) writer.add(piece);
  return writer.finish();
}

/** The checksum that a file of at least frame size claims to have, without looking whether it is right. */
function claimedChecksum(file: Uint8Array): number {
  return viewOf(file).getUint32(file.length - TRAILER_BYTES, true);
}

/**
 * The payload, as a view of the file's bytes. `snapshot-corrupt` with what is wrong in `context.problem`. With `expected` (from the
 * checkpoint's metadata) also a whole file is refused that is not the one which was stored.
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
  const wantedBytes = HEADER_BYTES + view.getFloat64(8, true) + TRAILER_BYTES;
  if (file.length !== wantedBytes) throw corrupt(`torn: ${file.length} of ${wantedBytes} bytes`);
  const end = file.length - TRAILER_BYTES;
  const checksum = crc32c(file.subarray(0, end));
  if (checksum !== claimedChecksum(file)) throw corrupt("its bytes have changed: the checksum is wrong");
  if (expected !== undefined && checksum !== expected.checksum) throw corrupt("it is whole, but not what was stored");
  return file.subarray(HEADER_BYTES, end);
}

function viewOf(file: Uint8Array): DataView {
  return new DataView(file.buffer, file.byteOffset, file.byteLength);
}

function corrupt(problem: string): FaultlineError {
  return new FaultlineError("snapshot-corrupt", `a stored snapshot is damaged: ${problem}`, { context: { problem } });
}
