import { assert } from "../../base/assert.ts";
import { copyBytes } from "../rows/bytes.ts";
import { grownInt32, grownUint8 } from "./growable.ts";
import { BLOCK_BYTES, SpanBlocks } from "./span-blocks.ts";

const INITIAL_BYTES = 64;
/** A store that would outgrow this is managed in blocks; a smaller one is compacted in one go. */
const SMALL_BYTES = 2 * 1024 * 1024;
const MAX_BYTES = 0x7fffffff;
/** Entries that each change visits while blocks are being vacated; of them not more than a block's bytes are moved. */
const VISITED_PER_STEP = 32;
const NOT_VACATING = -1;
const NO_BYTES = new Uint8Array(0);

/**
 * One byte string per entry, all in one growing array. What removals and replacements leave behind is compacted away in time: of a large
 * store block by block, some entries with each change, into other blocks of the same array.
 */
export class SpanStore {
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  offsets: Int32Array;
  lengths: Int32Array;
  /** Free room: `bytes[#used, #end)`. */
  #used = 0;
  #end = INITIAL_BYTES;
  #live = 0;
  #blocks: SpanBlocks | null = null;
  /**
   * Entries before this one have been visited. One that takes the place of a visited one and is not may stay behind: its block remains to be
   * vacated, by the next visits.
   */
  #vacated = NOT_VACATING;

  constructor(capacity: number) {
    this.offsets = new Int32Array(capacity);
    this.lengths = new Int32Array(capacity);
  }

  /** Makes room for `capacity` entries. */
  grow(capacity: number): void {
    this.offsets = grownInt32(this.offsets, capacity);
    this.lengths = grownInt32(this.lengths, capacity);
  }

  /** Replaces the bytes of `entry` (those of a new entry are empty); `count` entries are in use. */
  set(entry: number, source: Uint8Array, start: number, length: number, count: number): void {
    const old = this.lengths[entry]!;
    if (length > old) this.#place(entry, this.#allocate(length, count), length);
    else if (length < old) {
      this.#live -= old - length;
      this.#blocks?.remove(this.offsets[entry]!, old - length);
      this.lengths[entry] = length;
    }
    copyBytes(this.bytes, this.offsets[entry]!, source, start, length);
    if (this.#vacated !== NOT_VACATING) this.#vacateSome(count);
  }

  /** Forgets `entry`, then gives its place to entry `last`. */
  removeAndFill(entry: number, last: number): void {
    this.#live -= this.lengths[entry]!;
    this.#blocks?.remove(this.offsets[entry]!, this.lengths[entry]!);
    this.offsets[entry] = this.offsets[last]!;
    this.lengths[entry] = this.lengths[last]!;
    this.offsets[last] = 0;
    this.lengths[last] = 0;
  }

  /** Forgets all entries, keeps the memory. */
  clear(): void {
    this.#used = 0;
    this.#end = this.#blocks === null ? this.bytes.length : 0;
    this.#blocks?.clear();
    this.#live = 0;
    this.#vacated = NOT_VACATING;
    this.offsets.fill(0);
    this.lengths.fill(0);
  }

  /** The entry's bytes are at `offset` from now on, `length` of them. */
  #place(entry: number, offset: number, length: number): void {
    const old = this.lengths[entry]!;
    this.#live += length - old;
    if (this.#blocks !== null) {
      this.#blocks.add(offset, length);
      this.#blocks.remove(this.offsets[entry]!, old);
    }
    this.offsets[entry] = offset;
    this.lengths[entry] = length;
  }

  #allocate(length: number, count: number): number {
    if (this.#used + length > this.#end) {
      if (this.#blocks === null) this.#makeRoom(length, count);
      if (this.#blocks !== null && length > BLOCK_BYTES) return this.#allocateRun(this.#blocks, length);
      if (this.#blocks !== null && this.#used + length > this.#end) this.#openBlock(this.#blocks);
    }
    const offset = this.#used;
    this.#used += length;
    return offset;
  }

  /** Room in a small store: compacts when at least half is garbage, else doubles. */
  #makeRoom(length: number, count: number): void {
    const { bytes } = this;
    const wanted = this.#live + length;
    const grows = wanted * 2 > bytes.length;
    const size = grows ? Math.max(this.#used + length, bytes.length * 2) : bytes.length;
    if (size >= SMALL_BYTES) this.#becomeLarge(size, count);
    else if (grows) {
      this.bytes = grownUint8(bytes, this.#used, size);
      this.#end = size;
    } else {
      this.#used = 0;
      this.#copyTo(new Uint8Array(size), count);
    }
  }

  #becomeLarge(size: number, count: number): void {
    const blocks = Math.ceil((2 * size) / BLOCK_BYTES); // what does not fit at the end of a block is wasted
    this.#blocks = new SpanBlocks(blocks);
    this.#used = 0;
    this.#end = 0;
    this.#copyTo(grownUint8(NO_BYTES, 0, blocks * BLOCK_BYTES), count);
  }

  /** Copies all entries to an empty array, which has room for them. */
  #copyTo(target: Uint8Array, count: number): void {
    const source = this.bytes;
    this.bytes = target;
    for (let entry = 0; entry < count; entry++) {
      const length = this.lengths[entry]!;
      if (length === 0) continue;
      const offset = this.#allocate(length, count);
      copyBytes(this.bytes, offset, source, this.offsets[entry]!, length);
      this.#blocks?.add(offset, length);
      this.offsets[entry] = offset;
    }
  }

  #openBlock(blocks: SpanBlocks): void {
    this.#beginVacating(blocks);
    let offset = blocks.open();
    if (offset < 0) {
      this.#extend(blocks, 1);
      offset = blocks.open();
    }
    this.#used = offset;
    this.#end = offset + BLOCK_BYTES;
  }

  #allocateRun(blocks: SpanBlocks, length: number): number {
    this.#beginVacating(blocks);
    const offset = blocks.takeRun(length);
    if (offset >= 0) return offset;
    this.#extend(blocks, Math.ceil(length / BLOCK_BYTES));
    return blocks.takeRun(length);
  }

  /** When half of the store is garbage. */
  #beginVacating(blocks: SpanBlocks): void {
    if (this.#vacated !== NOT_VACATING || blocks.usedBytes <= 2 * this.#live + SMALL_BYTES) return;
    blocks.vacate();
    this.#vacated = 0;
  }

  /** More blocks, at least `more`. */
  #extend(blocks: SpanBlocks, more: number): void {
    const count = Math.max(blocks.count + more, Math.min(2 * blocks.count, Math.floor(MAX_BYTES / BLOCK_BYTES)));
    assert(count * BLOCK_BYTES <= MAX_BYTES, "the byte strings of one key group are less than 2 GiB");
    blocks.grow(count);
    this.bytes = grownUint8(this.bytes, this.bytes.length, count * BLOCK_BYTES);
  }

  #vacateSome(count: number): void {
    let bytesLeft = BLOCK_BYTES;
    for (let left = VISITED_PER_STEP; left > 0 && bytesLeft > 0 && this.#vacated < count; left--) {
      bytesLeft -= this.#vacate(this.#vacated);
      this.#vacated += 1;
    }
    if (this.#vacated >= count) this.#vacated = NOT_VACATING;
  }

  /** Moves the entry's bytes, if they are where they must not stay; returns how many. */
  #vacate(entry: number): number {
    const length = this.lengths[entry]!;
    const from = this.offsets[entry]!;
    if (length === 0 || this.#blocks?.isVacating(from) !== true) return 0;
    const to = this.#allocate(length, 0);
    copyBytes(this.bytes, to, this.bytes, from, length);
    this.#place(entry, to, length);
    return length;
  }
}
