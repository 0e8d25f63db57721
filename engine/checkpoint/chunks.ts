/**
 * Memory that snapshots are written to. Fresh memory is dear: the kernel gives it page by page, zeroed, and the collector takes it back,
 * together more than writing the state into it. So chunks of full size that have been stored are used again.
 */

/** Size of a full chunk. */
export const CHUNK_BYTES: number = 256 * 1024;
/** Chunks that are kept for the next snapshot, 8 MiB. */
const MAX_FREE = 32;
const free: Uint8Array[] = [];

/** A chunk of at least `bytes`, a multiple of eight; what it holds is arbitrary. */
export function newChunk(bytes: number): Uint8Array {
  const recycled = bytes === CHUNK_BYTES ? free.pop() : undefined;
  return recycled ?? new Uint8Array(Math.ceil(bytes / 8) * 8);
}

/** `piece` has been stored or copied: nobody reads it, or anything else in its chunk, again. Only full chunks are kept. */
export function recycleChunk(piece: Uint8Array): void {
  if (piece.byteOffset !== 0 || piece.buffer.byteLength !== CHUNK_BYTES || free.length === MAX_FREE) return;
  if (piece.buffer instanceof ArrayBuffer) free.push(new Uint8Array(piece.buffer));
}
