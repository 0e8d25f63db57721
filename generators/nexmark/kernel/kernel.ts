/// <reference path="../../../base/webassembly.d.ts" />
import { assert } from "../../../base/assert.ts";
import type { EventDraw } from "../draw.ts";
import { KERNEL_BYTES } from "./kernel-bytes.ts";
import { KernelImage } from "./memory.ts";

const PAGE_BYTES = 65_536;

/** What kernel.as exports. Addresses come back signed: `>>> 0` makes them what they are. */
interface Exports {
  draw(first: number, end: number): number;
  write(first: number, end: number, at: number): number;
}

/**
 * The WebAssembly module (kernel.as) that draws Nexmark's events and writes them as JSON, with a memory of its own: one for each walk
 * through a data set. Indexes go up only; the events between are drawn and left out.
 */
export class EventKernel {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: Exports;
  readonly #isClassic: boolean;
  /** Where an event is written that is to be copied elsewhere. */
  readonly #scratchAt: number;
  #bytes: Uint8Array;
  #room: Uint8Array | null = null;
  #roomAt = 0;
  /** Index after the event that is held. */
  #next = 0;

  constructor(module: WebAssembly.Module, draw: EventDraw, maxBytes: number) {
    const image = new KernelImage(draw);
    this.#scratchAt = image.reserve(maxBytes);
    this.#isClassic = draw.options.mode === "classic";
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(image.size / PAGE_BYTES) });
    const abort = () => assert(false, "the kernel gave up");
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory, abort, pow: Math.pow } });
    this.#exports = instance.exports as unknown as Exports;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    image.copyTo(this.#bytes);
  }

  /** Id of the person or auction of event `index`; of a bid, of its auction. */
  key(index: number): number {
    const first = this.#firstTo(index);
    return this.#exports.draw(first, index + 1);
  }

  /** Writes the Kafka value of event `index` at `at`; returns the end. Without a copy when `target` is what `makeRoom` gave. */
  write(index: number, target: Uint8Array, at: number): number {
    const first = this.#firstTo(index);
    if (target === this.#room) return (this.#exports.write(first, index + 1, this.#roomAt + at) >>> 0) - this.#roomAt;
    const scratch = this.#scratchAt;
    const end = this.#exports.write(first, index + 1, scratch);
    target.set(this.#bytes.subarray(scratch, end), at);
    return at + end - scratch;
  }

  /** An array of `size` bytes in the kernel's memory, which only this kernel's caller uses; once. */
  makeRoom(size: number): Uint8Array {
    assert(this.#room === null, "a kernel makes room once");
    this.#roomAt = this.#memory.buffer.byteLength;
    this.#memory.grow(Math.ceil(size / PAGE_BYTES));
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#room = this.#bytes.subarray(this.#roomAt, this.#roomAt + size);
    return this.#room;
  }

  /** The first event that must be drawn to hold event `index`, and from now on it counts as drawn. */
  #firstTo(index: number): number {
    const first = this.#isClassic && this.#next <= index ? index : this.#next;
    assert(first <= index + 1, "a kernel goes forwards only");
    this.#next = index + 1;
    return first;
  }
}

let compiled: WebAssembly.Module | null | undefined;

/** A kernel that stands before event 0 of what `draw` draws; null where WebAssembly has no SIMD: EventRenderer then does the same. */
export function openKernel(draw: EventDraw, maxBytes: number): EventKernel | null {
  if (compiled === undefined) {
    const bytes = Uint8Array.from(atob(KERNEL_BYTES), (character) => character.charCodeAt(0));
    compiled = WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
  }
  return compiled === null ? null : new EventKernel(compiled, draw, maxBytes);
}
