/// <reference path="../../../../base/webassembly.d.ts" />
import { assert } from "../../../../base/assert.ts";
import { KERNEL_BYTES } from "./kernel-bytes.ts";

/** Most records, or rows, of one call. */
export const KERNEL_ROWS = 4096;

const KIB = 1024;
const MIB = 1024 * KIB;
const PAGE_BYTES = 64 * KIB;
/** As in scripts/kernel.ts. First size and largest are the same, so that views of the memory never become invalid. */
const PAGES = 256;
/** The kernel reads and writes in blocks: no region is used up to its very end. */
const SLACK_BYTES = 64;

/** Where things lie in the kernel's memory. Below 64 KiB is the module's own data. */
const LAYOUT = {
  parseProgram: 64 * KIB,
  encodeProgram: 128 * KIB,
  starts: 192 * KIB,
  ends: 208 * KIB,
  selection: 224 * KIB,
  rowEnds: 240 * KIB,
  result: 256 * KIB,
  columns: 320 * KIB,
  window: 4 * MIB,
  copies: 8 * MIB,
  output: 10 * MIB,
  strings: 12 * MIB,
  end: PAGES * PAGE_BYTES,
} as const;

export const PROGRAM_BYTES = 64 * KIB - SLACK_BYTES;
export const WINDOW_BYTES = LAYOUT.copies - LAYOUT.window - SLACK_BYTES;

/** What kernel.as exports; addresses and numbers of things are in bytes and units of kernel.as. */
interface Exports {
  parse(
    program: number,
    starts: number,
    ends: number,
    shift: number,
    first: number,
    count: number,
    row: number,
    result: number,
  ): number;
  encode(
    fields: number,
    fieldCount: number,
    selection: number,
    first: number,
    count: number,
    target: number,
    limit: number,
    ends: number,
  ): number;
}

/** Typed arrays in a region of the kernel's memory, one behind the other. */
export class KernelArena {
  readonly #buffer: ArrayBuffer;
  readonly #end: number;
  #at: number;

  constructor(buffer: ArrayBuffer, start: number, end: number) {
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
  }

  f64(length: number): Float64Array {
    return new Float64Array(this.#buffer, this.#take(length * 8), length);
  }

  i32(length: number): Int32Array {
    return new Int32Array(this.#buffer, this.#take(length * 4), length);
  }

  u8(length: number): Uint8Array {
    return new Uint8Array(this.#buffer, this.#take(length), length);
  }

  #take(bytes: number): number {
    const at = (this.#at + 15) & ~15;
    assert(at + bytes + SLACK_BYTES <= this.#end, "the kernel's memory has no room for so many columns", { at, bytes });
    this.#at = at + bytes;
    return at;
  }
}

/**
 * The WebAssembly module that reads and writes JSON (kernel.as) with its memory. All of the memory is scratch: what is in it holds for the
 * length of one call of a decoder or of one batch's encoding, so all decoders and encoders of a thread share one kernel.
 */
export class Kernel {
  readonly bytes: Uint8Array;
  /** Places of the records' values, as whoever calls `parse` knows them. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly selection: Int32Array;
  /** End of each row that `encode` has written, from `output` on. */
  readonly rowEnds: Int32Array;
  readonly #exports: Exports;
  readonly #buffer: ArrayBuffer;
  readonly #result: Float64Array;
  readonly #encodeWords: Int32Array;
  #parseProgram: Uint8Array | null = null;
  #encodeProgram: Uint8Array | null = null;

  constructor(module: WebAssembly.Module) {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
    const abort = () => assert(false, "the kernel gave up");
    const instance = new WebAssembly.Instance(module, { env: { memory, abort } });
    this.#exports = instance.exports as unknown as Exports;
    const { buffer } = memory;
    this.#buffer = buffer;
    this.bytes = new Uint8Array(buffer);
    this.starts = new Int32Array(buffer, LAYOUT.starts, KERNEL_ROWS);
    this.ends = new Int32Array(buffer, LAYOUT.ends, KERNEL_ROWS);
    this.selection = new Int32Array(buffer, LAYOUT.selection, KERNEL_ROWS);
    this.rowEnds = new Int32Array(buffer, LAYOUT.rowEnds, KERNEL_ROWS);
    this.#encodeWords = new Int32Array(buffer, LAYOUT.encodeProgram, PROGRAM_BYTES / 4);
    this.#result = new Float64Array(buffer, LAYOUT.result, 2);
  }

  /** Where programs lie while they are used; the addresses in a program are made for this place. */
  get parseProgramAt(): number {
    return LAYOUT.parseProgram;
  }

  get encodeProgramAt(): number {
    return LAYOUT.encodeProgram;
  }

  /** Where `encode` writes. */
  get output(): number {
    return LAYOUT.output;
  }

  /** Room for the columns of one decoder; all decoders are given the same. */
  columns(): KernelArena {
    return new KernelArena(this.#buffer, LAYOUT.columns, LAYOUT.window);
  }

  /** Room for columns that an encoder copies; all encoders are given the same. */
  copies(): KernelArena {
    return new KernelArena(this.#buffer, LAYOUT.copies, LAYOUT.output);
  }

  /** Copies `source[start, end)`, at most `WINDOW_BYTES`, to where `parse` can read it. Returns what to add to a position in `source`. */
  load(source: Uint8Array, start: number, end: number): number {
    assert(end - start <= WINDOW_BYTES, "more bytes than the kernel's window holds", { start, end });
    this.bytes.set(source.subarray(start, end), LAYOUT.window);
    return LAYOUT.window - start;
  }

  /**
   * Reads the records [first, count) at `starts` and `ends` plus `shift` into the rows from `row` on. Returns the first record that is not
   * in the documented form, or `count`; then `rows` and `latestMs` hold.
   */
  parse(program: Uint8Array, shift: number, first: number, count: number, row: number, latestMs: number): number {
    if (this.#parseProgram !== program) {
      this.bytes.set(program, LAYOUT.parseProgram);
      this.#parseProgram = program;
    }
    const result = this.#result;
    result[1] = latestMs;
    const { parseProgram, starts, ends } = LAYOUT;
    return this.#exports.parse(parseProgram, starts, ends, shift, first, count, row, LAYOUT.result);
  }

  /** Rows after the last `parse`. */
  get rows(): number {
    return this.#result[0]!;
  }

  /** The largest event time after the last `parse`, and what it was given. */
  get latestMs(): number {
    return this.#result[1]!;
  }

  /** Puts an encoder's program at `encodeProgramAt`, unless it is there. */
  loadEncodeProgram(program: Uint8Array): void {
    if (this.#encodeProgram === program) return;
    this.bytes.set(program, LAYOUT.encodeProgram);
    this.#encodeProgram = program;
  }

  /** Copies `source[start, end)` to `at` of the region for strings; returns what to add to a position in `source`, or null: it does not fit. */
  copyString(source: Uint8Array, start: number, end: number, at: number): number | null {
    const target = LAYOUT.strings + at;
    if (target + end - start + SLACK_BYTES > LAYOUT.end) return null;
    this.bytes.set(source.subarray(start, end), target);
    return target - start;
  }

  /** Sets a word of that program to the address of an array of the kernel's memory; 0 for null. */
  setEncodeAddress(word: number, array: Float64Array | Int32Array | Uint8Array | null): void {
    this.setEncodeWord(word, array === null ? 0 : array.byteOffset);
  }

  setEncodeWord(word: number, value: number): void {
    this.#encodeWords[word] = value;
  }

  /** Writes the rows `selection[first, count)` by the program at `encodeProgramAt`; returns how many there was room for. */
  encode(fieldCount: number, first: number, count: number): number {
    const { encodeProgram, selection, output, strings, rowEnds } = LAYOUT;
    return this.#exports.encode(
      encodeProgram,
      fieldCount,
      selection,
      first,
      count,
      output,
      strings - SLACK_BYTES,
      rowEnds,
    );
  }
}

let shared: Kernel | null | undefined;

/** The kernel of this thread; null where WebAssembly has no SIMD: decoders and encoders then do the same in JavaScript. */
export function sharedKernel(): Kernel | null {
  if (shared === undefined) {
    const bytes = Uint8Array.from(atob(KERNEL_BYTES), (character) => character.charCodeAt(0));
    shared = WebAssembly.validate(bytes) ? new Kernel(new WebAssembly.Module(bytes)) : null;
  }
  return shared;
}
