import assert from "node:assert/strict";
import type { ScratchFile, ScratchFiles } from "../../../engine/ports.ts";

/** Scratch files whose operations happen when the test says so. */
export class ManualScratch implements ScratchFiles {
  readonly #waiting: (() => void)[] = [];
  open = 0;
  made = 0;
  reads = 0;
  /** What every operation ends with; null: it succeeds. */
  failure: Error | null = null;

  get waiting(): number {
    return this.#waiting.length;
  }

  /** The oldest operation happens; false: there is none. */
  step(): boolean {
    const run = this.#waiting.shift();
    run?.();
    return run !== undefined;
  }

  create(): ScratchFile {
    this.open++;
    this.made++;
    let isOpen = true;
    let content: number[] = [];
    const later = (run: () => void) => {
      this.#waiting.push(() => {
        if (isOpen) run();
      });
    };
    return {
      append: (bytes, done) => {
        later(() => {
          if (this.failure === null) for (const byte of bytes) content.push(byte);
          done(this.failure);
        });
      },
      read: (offset, length, done) => {
        later(() => {
          this.reads++;
          assert.ok(this.failure !== null || offset + length <= content.length, "read before it was written");
          const bytes = Uint8Array.from(content.slice(offset, offset + length));
          if (this.failure === null) done(null, bytes);
          else done(this.failure, null);
        });
      },
      remove: () => {
        assert.ok(isOpen, "removed twice");
        isOpen = false;
        content = [];
        this.open--;
      },
    };
  }
}
