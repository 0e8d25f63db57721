/** Spans do not cross blocks; longer ones have consecutive blocks of their own. */
export const BLOCK_BYTES = 65_536;
const BLOCK_SHIFT = 16;

const FREE = 0;
const USED = 1;
/** Of a run, but not its first. */
const CONTINUED = 2;
/** Its spans are being moved elsewhere. */
const VACATING = 3;

/** Which blocks of a large span store are in use, and how many bytes of live spans each has. A block without any is free at once. */
export class SpanBlocks {
  #states: Uint8Array;
  /** By block in which a span begins. */
  #live: Int32Array;
  /** No block before this one is free. */
  #firstFree = 0;
  #usedBlocks = 0;
  /** The block that spans are appended to. */
  #open = -1;

  constructor(blocks: number) {
    this.#states = new Uint8Array(blocks);
    this.#live = new Int32Array(blocks);
  }

  get count(): number {
    return this.#states.length;
  }

  /** Bytes of the blocks in use. */
  get usedBytes(): number {
    return this.#usedBlocks * BLOCK_BYTES;
  }

  /** There are more blocks now: few bytes each, so copying is cheap. */
  grow(blocks: number): void {
    const states = new Uint8Array(blocks);
    states.set(this.#states);
    this.#states = states;
    const live = new Int32Array(blocks);
    live.set(this.#live);
    this.#live = live;
  }

  /** Offset of a fresh block, which is the open one from now on; −1 when none is free. */
  open(): number {
    const block = this.#find(1);
    if (block < 0) return -1;
    const before = this.#open;
    this.#use(block, 1);
    this.#open = block;
    if (before >= 0 && this.#live[before] === 0) this.#free(before);
    return block << BLOCK_SHIFT;
  }

  /** Offset of a run of blocks for one span of `length` bytes; −1 when there is none. */
  takeRun(length: number): number {
    const count = Math.ceil(length / BLOCK_BYTES);
    const block = this.#find(count);
    if (block < 0) return -1;
    this.#use(block, count);
    return block * BLOCK_BYTES;
  }

  /** A span, or more of one, is at `offset`. */
  add(offset: number, length: number): void {
    this.#live[offset >>> BLOCK_SHIFT]! += length;
  }

  /** A span at `offset`, or some bytes of it, is garbage. */
  remove(offset: number, length: number): void {
    if (length === 0) return;
    const block = offset >>> BLOCK_SHIFT;
    this.#live[block]! -= length;
    if (this.#live[block] === 0 && block !== this.#open) this.#free(block);
  }

  /** From now on the blocks of which more than half is garbage are to be emptied. */
  vacate(): void {
    for (let block = 0; block < this.#states.length; block++) {
      const sparse = this.#live[block]! * 2 < BLOCK_BYTES;
      if (sparse && this.#states[block] === USED && block !== this.#open) this.#states[block] = VACATING;
    }
  }

  /** Must a span that begins here be moved? */
  isVacating(offset: number): boolean {
    return this.#states[offset >>> BLOCK_SHIFT] === VACATING;
  }

  /** Frees all. */
  clear(): void {
    this.#states.fill(FREE);
    this.#live.fill(0);
    this.#firstFree = 0;
    this.#usedBlocks = 0;
    this.#open = -1;
  }

  /** The first of `count` free blocks in a row; −1: none. */
  #find(count: number): number {
    let free = 0;
    for (let block = this.#firstFree; block < this.#states.length; block++) {
      free = this.#states[block] === FREE ? free + 1 : 0;
      if (free === count) return block - count + 1;
    }
    return -1;
  }

  #use(block: number, count: number): void {
    this.#states[block] = USED;
    this.#states.fill(CONTINUED, block + 1, block + count);
    this.#usedBlocks += count;
    if (block === this.#firstFree) this.#firstFree = block + count;
  }

  #free(block: number): void {
    let end = block;
    do {
      this.#states[end] = FREE;
      end += 1;
    } while (this.#states[end] === CONTINUED);
    this.#usedBlocks -= end - block;
    this.#firstFree = Math.min(this.#firstFree, block);
  }
}
