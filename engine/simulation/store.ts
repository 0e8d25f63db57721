import { FaultlineError } from "../../base/errors.ts";
import type { CheckpointStore, Election } from "../ports.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Universe } from "./universe.ts";

/** Files that outlive processes, in memory, behind a store that is as good or bad as the conditions say. */
export class SimulatedStore {
  readonly #universe: Universe;
  readonly #files = new Map<string, Uint8Array>();
  readonly #counts = { slow: 0, failedWrites: 0, tornWrites: 0 };

  constructor(universe: Universe) {
    this.#universe = universe;
  }

  /** How often it was bad. */
  get counts(): { readonly slow: number; readonly failedWrites: number; readonly tornWrites: number } {
    return { ...this.#counts };
  }

  bind(process: SimulatedProcess): CheckpointStore {
    const later = (callback: () => void) => {
      process.later(this.#latencyUs(), callback);
    };
    return {
      write: (path, bytes, done) => {
        const owned = bytes.slice();
        later(() => done(this.#write(path, owned)));
      },
      read: (path, done) => {
        later(() => {
          const bytes = this.#files.get(path);
          if (bytes === undefined) done(new FaultlineError("snapshot-missing", `no file ${path}`), null);
          else done(null, bytes.slice());
        });
      },
      remove: (path, done) => {
        later(() => {
          for (const file of this.#files.keys()) {
            if (file === path || file.startsWith(`${path}/`)) this.#files.delete(file);
          }
          done(null);
        });
      },
      list: (path, done) => later(() => done(null, this.#namesIn(path))),
    };
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
    const isTorn = bytes.length > 0 && this.#happens(tornWriteOneIn);
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
    if (!this.#happens(slow.oneIn)) return this.#universe.drawn(latencyUs);
    this.#counts.slow++;
    return this.#universe.drawn(slow.latencyUs);
  }

  #happens(oneIn: number): boolean {
    return oneIn > 0 && this.#universe.random.below(oneIn) === 0;
  }
}

/** Leadership that whoever asks first gets at once and keeps until it leaves or dies; then the next one gets it. */
export class SimulatedElection {
  readonly #groups = new Map<string, { epoch: number; waiting: (() => void)[]; led: boolean }>();

  bind(process: SimulatedProcess): Election {
    return {
      join: (name, _candidate, handler) => {
        const group = this.#groups.get(name) ?? { epoch: 0, waiting: [], led: false };
        this.#groups.set(name, group);
        let leads = false;
        const lead = () => {
          if (!process.alive) return;
          leads = true;
          group.led = true;
          const epoch = ++group.epoch;
          process.later(0, () => handler.onElected(epoch));
        };
        const leave = () => {
          group.waiting = group.waiting.filter((candidate) => candidate !== lead);
          if (!leads) return;
          leads = false;
          group.led = false;
          while (!group.led && group.waiting.length > 0) group.waiting.shift()!();
        };
        process.onDeath(leave);
        if (group.led) group.waiting.push(lead);
        else lead();
        return { leave };
      },
    };
  }
}
