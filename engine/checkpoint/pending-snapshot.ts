import { assert } from "../../base/assert.ts";
import { checkedLength, type LateLength } from "./length-prefix.ts";
import type { DeferredPart, SnapshotWriter } from "./snapshot.ts";

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

/** The same without nesting: a part begins with its length and ends. */
type Item = Uint8Array | DeferredPiece | "begin" | "end";

const LENGTH_BYTES = 4;

/**
 * A snapshot whose deferred parts are being written, step by step, while the state it was taken of changes. What is written can be taken
 * away at once, in order, so that the whole need never be in memory; lengths that were not known in time follow at the end.
 */
export class PendingSnapshot {
  readonly #items: readonly Item[];
  #next = 0;
  /** Written and not taken. */
  #out: Uint8Array[] = [];
  #byteLength = 0;
  #takenBytes = 0;
  /** Where the length of each part that is being written stands. */
  readonly #open: number[] = [];
  readonly #lateLengths: LateLength[] = [];
  #released = false;

  constructor(pieces: readonly SnapshotPiece[]) {
    const items: Item[] = [];
    flatten(pieces, items);
    this.#items = items;
  }

  /** Writes about `budgetBytes` more; true when the snapshot is complete. */
  advance(budgetBytes: number): boolean {
    assert(!this.#released, "a snapshot that was given up is not written on");
    let left = budgetBytes;
    for (let item = this.#items[this.#next]; item !== undefined; item = this.#items[this.#next]) {
      if (item instanceof Uint8Array) this.#put(item);
      else if (item === "begin") this.#begin();
      else if (item === "end") this.#end();
      else {
        if (left <= 0) return false;
        const before = item.writer.byteLength;
        if (!this.#write(item, left)) return false;
        left -= item.writer.byteLength - before;
      }
      this.#next += 1;
    }
    return true;
  }

  /** Takes what has been written and not been taken, in order: bytes that nobody else reads or changes any more. */
  take(): readonly Uint8Array[] {
    const taken = this.#out;
    this.#out = [];
    this.#takenBytes = this.#byteLength;
    return taken;
  }

  /** Of a complete snapshot: length prefixes that are 0 in what was taken, and what they must be. */
  get lateLengths(): readonly LateLength[] {
    assert(this.#next === this.#items.length, "the snapshot is complete");
    return this.#lateLengths;
  }

  /** All of the snapshot's bytes, lengths filled in; only of a complete one of which nothing was taken. */
  chunks(): readonly Uint8Array[] {
    assert(this.#next === this.#items.length && !this.#released, "the snapshot is complete");
    assert(this.#takenBytes === 0, "nothing was taken");
    fillIn(this.#out, this.#lateLengths);
    return this.#out;
  }

  /** Number of the snapshot's bytes; only of a complete one. */
  get byteLength(): number {
    assert(this.#next === this.#items.length, "the snapshot is complete");
    return this.#byteLength;
  }

  /** Gives the snapshot up: all frozen views are let go. Does nothing when it is complete or given up. */
  release(): void {
    if (this.#released || this.#next === this.#items.length) return;
    this.#released = true;
    for (const item of this.#items.slice(this.#next)) {
      if (typeof item === "object" && "part" in item) item.part.release();
    }
  }

  #put(piece: Uint8Array): void {
    this.#out.push(piece);
    this.#byteLength += piece.length;
  }

  #begin(): void {
    this.#open.push(this.#byteLength);
    this.#put(new Uint8Array(LENGTH_BYTES));
  }

  #end(): void {
    const at = this.#open.pop()!;
    this.#lateLengths.push({ at, length: checkedLength(this.#byteLength - at - LENGTH_BYTES) });
  }

  /** Has the part write; true when it is complete. */
  #write({ part, writer }: DeferredPiece, budgetBytes: number): boolean {
    const isComplete = part.write(writer, budgetBytes);
    for (const piece of isComplete ? writer.takeAll() : writer.takeFull()) this.#put(piece);
    if (!isComplete) return false;
    const startsAt = this.#byteLength - writer.byteLength;
    for (const { at, length } of writer.lateLengths) this.#lateLengths.push({ at: startsAt + at, length });
    part.release();
    return true;
  }
}

function flatten(pieces: readonly SnapshotPiece[], into: Item[]): void {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array || piece.kind === "deferred") into.push(piece);
    else {
      into.push("begin");
      flatten(piece.pieces, into);
      into.push("end");
    }
  }
}

/** Writes the lengths to their places, each of which lies in one piece. */
function fillIn(pieces: readonly Uint8Array[], lengths: readonly LateLength[]): void {
  let index = 0;
  let start = 0;
  for (const { at, length } of lengths.toSorted((a, b) => a.at - b.at)) {
    for (; at >= start + pieces[index]!.length; index++) start += pieces[index]!.length;
    const { buffer, byteOffset } = pieces[index]!;
    new DataView(buffer, byteOffset + at - start).setUint32(0, length, true);
  }
}
