import { FaultlineError } from "../../base/errors.ts";
import type { CheckpointStore, Election } from "../ports.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Universe } from "./universe.ts";

const LATENCY_US = { min: 200, max: 2000 };

/** Files that outlive processes, in memory. */
export class SimulatedStore {
  readonly #universe: Universe;
  readonly #files = new Map<string, Uint8Array>();

  constructor(universe: Universe) {
    this.#universe = universe;
  }

  bind(process: SimulatedProcess): CheckpointStore {
    const later = (callback: () => void) => {
      process.later(this.#universe.drawn(LATENCY_US), callback);
    };
    return {
      write: (path, bytes, done) => {
        later(() => {
          this.#files.set(path, bytes.slice());
          done(null);
        });
      },
      read: (path, done) => {
        later(() => {
          const bytes = this.#files.get(path);
          if (bytes === undefined) done(new FaultlineError("snapshot-corrupt", `no file ${path}`), null);
          else done(null, bytes.slice());
        });
      },
      remove: (path, done) => {
        later(() => {
          this.#files.delete(path);
          done(null);
        });
      },
    };
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
