import { appendFileSync, readFileSync } from "node:fs";
import { FaultlineError, systemCode } from "../../base/errors.ts";
import type { CheckpointStore, StoreFile, World } from "../ports.ts";

/** What the control file says. No file: nothing is wrong with the store. */
export interface StoreFaults {
  /** Each operation begins so much later. */
  readonly delayMs: number;
  /** Every so many operations one fails, before it has done anything; 0: none. */
  readonly failEvery: number;
}

/** A line of the evidence file, which lies beside the control file: an operation that was delayed or made to fail. */
export interface StoreFaultEvidence {
  readonly process: string;
  /** Monotonic µs: when it failed, or went on after its delay. */
  readonly atUs: number;
  readonly operation: string;
  readonly path: string;
  readonly delayedUs: number;
  readonly hasFailed: boolean;
}

/** Where a store with this control file says what it did. */
export function evidenceFile(controlFile: string): string {
  return `${controlFile}.evidence.jsonl`;
}

/** The world with a store that can be made slow or failing from outside, for faults on purpose; the world itself without a control file. */
export function withStoreFaults(world: World, process: string, controlFile: string | undefined): World {
  if (controlFile === undefined) return world;
  return { ...world, store: new FaultyStore(world.store, { ...world, process, controlFile }) };
}

/** A checkpoint store in front of another one that looks into its control file before each operation. */
class FaultyStore implements CheckpointStore {
  readonly #store: CheckpointStore;
  readonly #parts: Pick<World, "clock" | "timers"> & { readonly process: string; readonly controlFile: string };
  /** Since the store began to fail. */
  #operations = 0;

  constructor(
    store: CheckpointStore,
    parts: Pick<World, "clock" | "timers"> & { readonly process: string; readonly controlFile: string },
  ) {
    this.#store = store;
    this.#parts = parts;
  }

  write(path: string, bytes: Uint8Array, done: (error: Error | null) => void): void {
    this.#begin("write", path, done, () => this.#store.write(path, bytes, done));
  }

  /** Late or refused at its end, when it would become a file. */
  create(path: string): StoreFile {
    const file = this.#store.create(path);
    return {
      append: (pieces, taken) => file.append(pieces, taken),
      finish: (done) => {
        const refuse = (error: Error) => {
          file.abandon();
          done(error);
        };
        this.#begin("write", path, refuse, () => file.finish(done));
      },
      abandon: () => file.abandon(),
    };
  }

  read(path: string, done: (error: Error | null, bytes: Uint8Array | null) => void): void {
    this.#begin(
      "read",
      path,
      (error) => done(error, null),
      () => this.#store.read(path, done),
    );
  }

  remove(path: string, done: (error: Error | null) => void): void {
    this.#begin("remove", path, done, () => this.#store.remove(path, done));
  }

  list(path: string, done: (error: Error | null, names: readonly string[] | null) => void): void {
    this.#begin(
      "list",
      path,
      (error) => done(error, null),
      () => this.#store.list(path, done),
    );
  }

  #begin(operation: string, path: string, fail: (error: Error) => void, work: () => void): void {
    const { clock, timers } = this.#parts;
    const { delayMs, failEvery } = this.#faults();
    this.#operations = failEvery > 0 ? this.#operations + 1 : 0;
    const hasFailed = failEvery > 0 && this.#operations % failEvery === 0;
    if (delayMs === 0 && !hasFailed) {
      work();
      return;
    }
    const askedUs = clock.nowUs();
    timers.after(delayMs * 1000, () => {
      const atUs = clock.nowUs();
      this.#tell({ process: this.#parts.process, atUs, operation, path, delayedUs: atUs - askedUs, hasFailed });
      if (hasFailed)
        fail(new FaultlineError("checkpoint-failed", `planned fault: the store refuses to ${operation} ${path}`));
      else work();
    });
  }

  /** A few µs: the file is small, and in memory. */
  #faults(): StoreFaults {
    try {
      return JSON.parse(readFileSync(this.#parts.controlFile, "utf8"));
    } catch (error) {
      if (systemCode(error) === "ENOENT") return { delayMs: 0, failEvery: 0 };
      throw error;
    }
  }

  #tell(evidence: StoreFaultEvidence): void {
    appendFileSync(evidenceFile(this.#parts.controlFile), `${JSON.stringify(evidence)}\n`);
  }
}
