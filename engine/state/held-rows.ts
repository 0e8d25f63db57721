import { assert } from "../../base/assert.ts";
import { grownInt32 } from "./growable.ts";

const INITIAL_ROWS = 64;

/** Numbers of rows that were freed while snapshots that may still read them were being written: the last freed comes out first. */
export class HeldRows {
  /** Snapshots that are being written. */
  #holders = 0;
  #rows: Int32Array = new Int32Array(INITIAL_ROWS);
  #count = 0;

  get held(): boolean {
    return this.#holders > 0;
  }

  get count(): number {
    return this.#count;
  }

  hold(): void {
    this.#holders += 1;
  }

  letGo(): void {
    assert(this.held, "nobody holds the rows");
    this.#holders -= 1;
  }

  push(row: number): void {
    if (this.#count === this.#rows.length) this.#rows = grownInt32(this.#rows, 2 * this.#count);
    this.#rows[this.#count++] = row;
  }

  /** Only when there are some. */
  pop(): number {
    this.#count -= 1;
    return this.#rows[this.#count]!;
  }

  clear(): void {
    this.#count = 0;
  }
}
