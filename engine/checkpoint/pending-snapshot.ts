import { assert } from "../../base/assert.ts";
import { checkedLength, type DeferredPart, type SnapshotWriter } from "./snapshot.ts";

interface DeferredPiece {
  readonly kind: "deferred";
  readonly part: DeferredPart;
  /** What the part has written. */
  readonly writer: SnapshotWriter;
}

/** Content with a length prefix that is known when its deferred parts are written. */
interface PartPiece {
  readonly kind: "part";
  readonly pieces: readonly SnapshotPiece[];
}

/** A snapshot is a sequence of these. */
export type SnapshotPiece = Uint8Array | DeferredPiece | PartPiece;

/** A snapshot whose deferred parts are being written, step by step, while the state it was taken of changes. */
export class PendingSnapshot {
  readonly #pieces: readonly SnapshotPiece[];
  /** Parts that are not complete, in order. */
  readonly #waiting: DeferredPiece[] = [];
  #next = 0;
  #chunks: readonly Uint8Array[] | null = null;
  #released = false;

  constructor(pieces: readonly SnapshotPiece[]) {
    this.#pieces = pieces;
    collectDeferred(pieces, this.#waiting);
  }

  /** Writes about `budgetBytes` more; true when the snapshot is complete. */
  advance(budgetBytes: number): boolean {
    assert(!this.#released, "a snapshot that was given up is not written on");
    let left = budgetBytes;
    for (let piece = this.#waiting[this.#next]; piece !== undefined; piece = this.#waiting[this.#next]) {
      if (left <= 0) return false;
      const before = piece.writer.byteLength;
      if (!piece.part.write(piece.writer, left)) return false;
      left -= piece.writer.byteLength - before;
      this.#next += 1;
      piece.part.release();
    }
    return true;
  }

  /** The snapshot's bytes; only of a complete one. */
  chunks(): readonly Uint8Array[] {
    assert(this.#next === this.#waiting.length && !this.#released, "the snapshot is complete");
    if (this.#chunks === null) {
      const chunks: Uint8Array[] = [];
      flatten(this.#pieces, chunks);
      this.#chunks = chunks;
    }
    return this.#chunks;
  }

  /** Number of the snapshot's bytes; only of a complete one. */
  get byteLength(): number {
    return this.chunks().reduce((sum, { length }) => sum + length, 0);
  }

  /** Gives the snapshot up: all frozen views are let go. Does nothing when it is complete or given up. */
  release(): void {
    if (this.#released || this.#next === this.#waiting.length) return;
    this.#released = true;
    for (const { part } of this.#waiting.slice(this.#next)) part.release();
  }
}

function collectDeferred(pieces: readonly SnapshotPiece[], into: DeferredPiece[]): void {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) continue;
    if (piece.kind === "deferred") into.push(piece);
    else collectDeferred(piece.pieces, into);
  }
}

/** Adds the chunks of complete pieces; returns their bytes. */
function flatten(pieces: readonly SnapshotPiece[], into: Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) {
      into.push(piece);
      length += piece.length;
    } else if (piece.kind === "deferred") {
      for (const chunk of piece.writer.pending().chunks()) into.push(chunk);
      length += piece.writer.byteLength;
    } else length += flattenPart(piece, into);
  }
  return length;
}

function flattenPart({ pieces }: PartPiece, into: Uint8Array[]): number {
  const prefix = new Uint8Array(4);
  into.push(prefix);
  const length = flatten(pieces, into);
  new DataView(prefix.buffer).setUint32(0, checkedLength(length), true);
  return length + prefix.length;
}
