import { FaultlineError } from "../../base/errors.ts";
import type { CheckpointStore } from "../ports.ts";
import { collectedFile } from "./collected-file.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Universe } from "./universe.ts";

/** What a store does for a while: nothing, refuse everything, or damage what is written. */
export type StoreTrouble = "hangs" | "fails" | "tears";

/** Files that outlive processes, in memory, behind a store that is as good or bad as the conditions say. */
export class SimulatedStore {
  readonly #universe: Universe;
  readonly #files = new Map<string, Uint8Array>();
  readonly #counts = { slow: 0, failedWrites: 0, tornWrites: 0 };
  #trouble: { readonly kind: StoreTrouble; readonly endUs: number } | null = null;

  constructor(universe: Universe) {
    this.#universe = universe;
  }

  /** How often it was bad: slow or hanging answers, refusals, damaged files. */
  get counts(): { readonly slow: number; readonly failedWrites: number; readonly tornWrites: number } {
    return { ...this.#counts };
  }

  bind(process: SimulatedProcess): CheckpointStore {
    const later = (callback: () => void) => {
      process.later(this.#latencyUs(), callback);
    };
    const orFail = (done: (error: Error | null, result: null) => void, callback: () => void) => {
      later(() => {
        if (this.#isIn("fails")) done(this.#refusal(), null);
        else callback();
      });
    };
    const write: CheckpointStore["write"] = (path, bytes, done) => {
      const owned = bytes.slice();
      orFail(done, () => done(this.#write(path, owned)));
    };
    return {
      write,
      create: (path) =>
        collectedFile(
          (callback) => process.later(0, callback),
          (bytes, done) => write(path, bytes, done),
        ),
      read: (path, done) => {
        orFail(done, () => {
          const bytes = this.#files.get(path);
          if (bytes === undefined) done(new FaultlineError("snapshot-missing", `no file ${path}`), null);
          else done(null, bytes.slice());
        });
      },
      remove: (path, done) => {
        orFail(done, () => {
          for (const file of this.#files.keys()) {
            if (file === path || file.startsWith(`${path}/`)) this.#files.delete(file);
          }
          done(null);
        });
      },
      list: (path, done) => orFail(done, () => done(null, this.#namesIn(path))),
    };
  }

  /** For `lengthUs` from now on. */
  begin(kind: StoreTrouble, lengthUs: number): void {
    const { nowUs, trace } = this.#universe;
    this.#trouble = { kind, endUs: nowUs + lengthUs };
    trace.line(nowUs, `the store ${kind} for ${lengthUs} µs`);
  }

  #isIn(kind: StoreTrouble): boolean {
    return this.#trouble?.kind === kind && this.#universe.nowUs < this.#trouble.endUs;
  }

  #refusal(): FaultlineError {
    this.#counts.failedWrites++;
    return new FaultlineError("checkpoint-failed", "the store does not answer");
  }

  #namesIn(folder: string): readonly string[] {
    const inside = [...this.#files.keys()].filter((file) => file.startsWith(`${folder}/`));
    return [...new Set(inside.map((file) => file.slice(folder.length + 1).split("/", 1)[0]!))].sort();
  }

  #write(path: string, bytes: Uint8Array): Error | null {
    const { failedWriteOneIn, tornWriteOneIn } = this.#universe.conditions.store;
    if (this.#happens(failedWriteOneIn)) {
      this.#counts.failedWrites++;
      return new FaultlineError("checkpoint-failed", `the store did not take ${path}`);
    }
    this.#universe.watch.onStored?.(path, bytes);
    const isTorn = bytes.length > 0 && (this.#isIn("tears") || this.#happens(tornWriteOneIn));
    if (isTorn) this.#counts.tornWrites++;
    this.#files.set(path, isTorn ? this.#torn(bytes) : bytes);
    return null;
  }

  /** Cut somewhere, or with one bit flipped. */
  #torn(bytes: Uint8Array): Uint8Array {
    const { random } = this.#universe;
    if (random.below(2) === 0) return bytes.subarray(0, random.below(bytes.length));
    const at = random.below(bytes.length);
    bytes[at] = bytes[at]! ^ (1 << random.below(8));
    return bytes;
  }

  #latencyUs(): number {
    const { latencyUs, slow } = this.#universe.conditions.store;
    if (this.#trouble !== null && this.#isIn("hangs")) {
      this.#counts.slow++;
      return this.#trouble.endUs - this.#universe.nowUs + this.#universe.drawn(latencyUs);
    }
    if (!this.#happens(slow.oneIn)) return this.#universe.drawn(latencyUs);
    this.#counts.slow++;
    return this.#universe.drawn(slow.latencyUs);
  }

  #happens(oneIn: number): boolean {
    return oneIn > 0 && this.#universe.random.below(oneIn) === 0;
  }
}
