import { assert } from "../../base/assert.ts";
import { CHUNK_BYTES, newChunk, recycleChunk } from "./chunks.ts";
import { checkedLength, type LateLength } from "./length-prefix.ts";
import { PendingSnapshot, type SnapshotPiece } from "./pending-snapshot.ts";

const FIRST_CHUNK_BYTES = 1024;
/** Parts up to this size are copied into the writer's own chunk: cheaper than a chunk more. */
const COPIED_PART_BYTES = 4096;
/** Up to here a loop beats the call of the native copy. */
const SHORT_SPAN_BYTES = 48;
const NO_BYTES = new Uint8Array(0);
const NO_NUMBERS = new Float64Array(0);
/** Numbers that lie aligned in a chunk are stored directly: half the price of a `DataView`. Not where the machine's order is another. */
const ALIGNED_MASK = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 7 : -1;
const ENCODER = new TextEncoder();

export type { PendingSnapshot } from "./pending-snapshot.ts";
export { SnapshotReader } from "./snapshot-reader.ts";

/** Content of a snapshot that is written later, from a view of the state that was frozen when the part was made. */
export interface DeferredPart {
  /** Writes some more, about `budgetBytes`; true when all is written, false only when the budget is used up. */
  write(writer: SnapshotWriter, budgetBytes: number): boolean;
  /** Lets go of the frozen view: called once, after the last write or when the snapshot is given up. */
  release(): void;
}

/**
 * Snapshot bytes: a flat sequence of typed values, written and read in the same order, little endian. They are kept in chunks, so that no
 * step copies what has been written before. Framing, checksums and versions are added by who stores it (`snapshot-file.ts`).
 */
export class SnapshotWriter {
  /** What has been written before the current chunk and not been taken. */
  #pieces: SnapshotPiece[] = [];
  #piecesBytes = 0;
  #hasDeferred = false;
  #bytes: Uint8Array = NO_BYTES;
  #view: DataView = new DataView(NO_BYTES.buffer);
  #numbers: Float64Array = NO_NUMBERS;
  #nextBytes = FIRST_CHUNK_BYTES;
  readonly #lateLengths: LateLength[] = [];
  /** `#bytes[#start, #end)` is written and not among the pieces. */
  #start = 0;
  #end = 0;

  /** Bytes written so far, without what is deferred. */
  get byteLength(): number {
    return this.#piecesBytes + this.#end - this.#start;
  }

  u8(value: number): void {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
  }

  u32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
  }

  f64(value: number): void {
    const at = this.#reserve(8);
    if ((at & ALIGNED_MASK) === 0) this.#numbers[at >>> 3] = value;
    else this.#view.setFloat64(at, value, true);
  }

  /** `values[start, start + count)`, each as `f64` writes it. */
  f64s(values: Float64Array, start: number, count: number): void {
    const at = this.#reserve(8 * count);
    if ((at & ALIGNED_MASK) === 0) {
      const numbers = this.#numbers;
      const to = at >>> 3;
      for (let i = 0; i < count; i++) numbers[to + i] = values[start + i]!;
      return;
    }
    const view = this.#view;
    for (let i = 0; i < count; i++) view.setFloat64(at + 8 * i, values[start + i]!, true);
  }

  /** Length-prefixed bytes, copied. */
  bytes(value: Uint8Array): void {
    this.span(value, 0, value.length);
  }

  /** As `bytes(source.subarray(start, start + length))`, without making a view. */
  span(source: Uint8Array, start: number, length: number): void {
    this.u32(length);
    if (length > SHORT_SPAN_BYTES) {
      this.#copy(source.subarray(start, start + length));
      return;
    }
    const at = this.#reserve(length);
    for (let i = 0; i < length; i++) this.#bytes[at + i] = source[start + i]!;
  }

  text(value: string): void {
    this.bytes(ENCODER.encode(value));
  }

  /** Length-prefixed content that `write` writes; it is read by `bytes()`. It may hold deferred parts. */
  part(write: (part: SnapshotWriter) => void): void {
    const part = new SnapshotWriter();
    write(part);
    this.append(part);
  }

  /** As `part`: what `part` holds, which must not be used afterwards. Large content is taken over, not copied. */
  append(part: SnapshotWriter): void {
    assert(part.#lateLengths.length === 0, "late lengths are told by a deferred part's own writer only");
    if (part.#hasDeferred) {
      this.#seal();
      this.#pieces.push({ kind: "part", pieces: part.#takePieces() });
      this.#hasDeferred = true;
      return;
    }
    const length = checkedLength(part.byteLength);
    this.u32(length);
    const chunks = part.#takePieces() as Uint8Array[];
    if (length <= COPIED_PART_BYTES) {
      for (const chunk of chunks) this.#copy(chunk);
      return;
    }
    this.#seal();
    for (const chunk of chunks) this.#pieces.push(chunk);
    this.#piecesBytes += length;
  }

  /** A length prefix that is not known yet, of what is written from here until `endLength` of the result. */
  beginLength(): number {
    const at = this.byteLength;
    this.u32(0);
    return at;
  }

  endLength(at: number): void {
    this.#lateLengths.push({ at, length: checkedLength(this.byteLength - at - 4) });
  }

  /** Lengths that `endLength` has told; their places are counted from the writer's first byte. */
  get lateLengths(): readonly LateLength[] {
    return this.#lateLengths;
  }

  /** Copies what `other` holds, without a length; `other` must not be used afterwards. */
  copyOf(other: SnapshotWriter): void {
    for (const chunk of other.takeAll()) {
      this.#copy(chunk);
      recycleChunk(chunk);
    }
  }

  /** Takes away what is in chunks that are full. Only without deferred parts. */
  takeFull(): readonly Uint8Array[] {
    const pieces = this.#pieces as Uint8Array[];
    this.#pieces = [];
    return pieces;
  }

  /** Takes away all that has been written. Only without deferred parts. */
  takeAll(): readonly Uint8Array[] {
    this.#seal();
    return this.takeFull();
  }

  /** Content that is written later, in steps (`pending`), and stands here. */
  defer(part: DeferredPart): void {
    this.#seal();
    this.#pieces.push({ kind: "deferred", part, writer: new SnapshotWriter() });
    this.#hasDeferred = true;
  }

  /** The snapshot, of which only the deferred parts are still to be written; the writer must not be used afterwards. */
  pending(): PendingSnapshot {
    return new PendingSnapshot(this.#takePieces());
  }

  /** All at once, deferred parts too; the writer must not be used afterwards. */
  finish(): Uint8Array {
    const pending = this.pending();
    assert(pending.advance(Number.POSITIVE_INFINITY), "a deferred part ends when nothing limits it");
    return joined(pending.chunks());
  }

  #takePieces(): SnapshotPiece[] {
    this.#seal();
    return this.#pieces;
  }

  #seal(): void {
    if (this.#end === this.#start) return;
    this.#pieces.push(this.#bytes.subarray(this.#start, this.#end));
    this.#piecesBytes += this.#end - this.#start;
    this.#start = this.#end;
    // A chunk of full size holds one piece, so that it can be recycled with it.
    if (this.#bytes.length >= CHUNK_BYTES) this.#useChunk(NO_BYTES);
  }

  #reserve(size: number): number {
    if (this.#end + size > this.#bytes.length) this.#openChunk(size);
    const at = this.#end;
    this.#end = at + size;
    return at;
  }

  #openChunk(size: number): void {
    this.#seal();
    this.#useChunk(newChunk(Math.max(this.#nextBytes, size)));
    this.#nextBytes = Math.min(2 * this.#nextBytes, CHUNK_BYTES);
  }

  #useChunk(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.#numbers = bytes.length === 0 ? NO_NUMBERS : new Float64Array(bytes.buffer);
    this.#start = 0;
    this.#end = 0;
  }

  #copy(value: Uint8Array): void {
    for (let from = 0; from < value.length; ) {
      if (this.#end === this.#bytes.length) this.#openChunk(1);
      const size = Math.min(value.length - from, this.#bytes.length - this.#end);
      this.#bytes.set(size === value.length ? value : value.subarray(from, from + size), this.#end);
      this.#end += size;
      from += size;
    }
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const result = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    result.set(chunk, at);
    at += chunk.length;
  }
  return result;
}
