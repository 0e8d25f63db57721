import { assert } from "../../base/assert.ts";
import type { ScratchFile, ScratchFiles } from "../ports.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Universe } from "./universe.ts";

/** Files that do not outlive their process, in memory: slow or failing as the conditions say. */
export class SimulatedScratch {
  readonly #universe: Universe;
  #open = 0;
  #failed = 0;

  constructor(universe: Universe) {
    this.#universe = universe;
  }

  /** Files that are there: of processes that live. */
  get open(): number {
    return this.#open;
  }

  /** Operations that have failed. */
  get failed(): number {
    return this.#failed;
  }

  bind(process: SimulatedProcess): ScratchFiles {
    return {
      create: () => {
        let isOpen = true;
        this.#open++;
        const close = () => {
          if (isOpen) this.#open--;
          isOpen = false;
        };
        process.onDeath(close);
        return this.#file(process, () => isOpen, close);
      },
    };
  }

  #file(process: SimulatedProcess, isOpen: () => boolean, close: () => void): ScratchFile {
    const { conditions } = this.#universe;
    let content = new Uint8Array(0);
    let given = 0;
    let freeUs = 0;
    // One operation after the other.
    const later = (run: (error: Error | null) => void) => {
      freeUs = Math.max(freeUs, process.nowUs) + this.#universe.drawn(conditions.scratch.latencyUs);
      process.later(freeUs - process.nowUs, () => {
        if (isOpen()) run(this.#failure());
      });
    };
    return {
      append: (bytes, done) => {
        given += bytes.length;
        const owned = bytes.slice();
        later((error) => {
          if (error === null) content = joined(content, owned);
          done(error);
        });
      },
      read: (offset, length, done) => {
        assert(offset + length <= given, "more is read than was written", { offset, length });
        later((error) => {
          if (error !== null) done(error, null);
          else done(null, content.slice(offset, offset + length));
        });
      },
      remove: close,
    };
  }

  #failure(): Error | null {
    const { failedOneIn, mostFailures } = this.#universe.conditions.scratch;
    if (failedOneIn === 0 || this.#failed >= mostFailures || this.#universe.random.below(failedOneIn) > 0) return null;
    this.#failed++;
    return new Error("no space left on the simulated disk");
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}
