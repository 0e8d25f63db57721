import { assert } from "../../base/assert.ts";
import type { StoreFile } from "../ports.ts";

/** A file for stores that take it as a whole: its pieces are collected, taken `soon`, and handed to `write` at the end. */
export function collectedFile(
  soon: (callback: () => void) => void,
  write: (bytes: Uint8Array, done: (error: Error | null) => void) => void,
): StoreFile {
  const pieces: Uint8Array[] = [];
  let isOpen = true;
  const end = () => {
    assert(isOpen, "a file is finished or abandoned once");
    isOpen = false;
  };
  return {
    append(added, taken) {
      assert(isOpen, "nothing is added to a file that has been ended");
      for (const piece of added) pieces.push(piece.slice());
      soon(taken);
    },
    finish(done) {
      end();
      const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const piece of pieces) {
        whole.set(piece, at);
        at += piece.length;
      }
      write(whole, done);
    },
    abandon: end,
  };
}
