import { asFaultlineError } from "../../base/errors.ts";
import type { CheckpointStore, Election, Log, Network, Timer, World } from "../ports.ts";
import type { Universe } from "./universe.ts";

/** Time that passes before work that a process has put off for `soon` goes on, µs: at least this, at most this much more. */
const SOON_US = 1;
const SOON_JITTER_US = 3;

export interface ProcessPorts {
  readonly network: (process: SimulatedProcess) => Network;
  readonly log: (process: SimulatedProcess) => Log;
  readonly store: (process: SimulatedProcess) => CheckpointStore;
  readonly election: (process: SimulatedProcess) => Election;
}

/** A process that is nothing but a name, whether it lives, and its ports. Nothing runs in it once it is dead. */
export class SimulatedProcess {
  readonly name: string;
  readonly world: World;
  readonly #universe: Universe;
  readonly #deathHandlers: (() => void)[] = [];
  #alive = true;
  #lastSoonUs = 0;
  /** Why it ended on its own: an error, or null for a good end. */
  #end: Error | null = null;

  constructor(universe: Universe, name: string, ports: ProcessPorts) {
    this.name = name;
    this.#universe = universe;
    this.world = {
      clock: { nowUs: () => universe.nowUs },
      timers: {
        after: (delayUs, callback) => this.later(delayUs, callback),
        soon: (callback) => this.#soon(callback),
      },
      random: { below: (bound) => universe.random.below(bound) },
      network: ports.network(this),
      log: ports.log(this),
      store: ports.store(this),
      election: ports.election(this),
      processes: { abort: (reason) => this.#stop("abort", reason), exit: () => this.#stop("exit", null) },
      journal: { write: (event, facts) => universe.write(name, event, facts) },
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  get endError(): Error | null {
    return this.#end;
  }

  onDeath(handler: () => void): void {
    this.#deathHandlers.push(handler);
  }

  /** Ends the process as SIGKILL would: no last words. */
  kill(): void {
    this.#stop("killed", null);
  }

  /** Runs a callback of the world in this process, if it still lives; what it throws ends the process, as it would a real one. */
  run(callback: () => void): void {
    if (!this.#alive) return;
    try {
      callback();
    } catch (error) {
      this.#stop("abort", asFaultlineError(error));
    }
  }

  later(delayUs: number, callback: () => void): Timer {
    const event = this.#universe.queue.at(this.#universe.nowUs + Math.max(0, delayUs), () => this.run(callback));
    return {
      cancel: () => {
        event.cancelled = true;
      },
    };
  }

  #soon(callback: () => void): void {
    const earliestUs = this.#universe.nowUs + SOON_US + this.#universe.random.below(SOON_JITTER_US + 1);
    this.#lastSoonUs = Math.max(this.#lastSoonUs, earliestUs);
    this.#universe.queue.at(this.#lastSoonUs, () => this.run(callback));
  }

  #stop(how: string, reason: Error | null): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#end = reason;
    this.#universe.write(this.name, how, reason === null ? {} : { reason: reason.message });
    for (const handler of this.#deathHandlers) handler();
  }
}
