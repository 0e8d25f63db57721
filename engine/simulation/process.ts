import { asFaultlineError } from "../../base/errors.ts";
import { Fifo } from "../merge/fifo.ts";
import type { CheckpointStore, Election, LocalStore, Log, Network, ScratchFiles, Timer, World } from "../ports.ts";
import { Core } from "./core.ts";
import type { Universe } from "./universe.ts";

/** Time that passes before work that a process has put off for `soon` goes on, µs: at least this, at most this much more. */
const SOON_US = 1;
const SOON_JITTER_US = 3;

export interface ProcessPorts {
  readonly network: (process: SimulatedProcess) => Network;
  readonly log: (process: SimulatedProcess) => Log;
  readonly store: (process: SimulatedProcess) => CheckpointStore;
  readonly localStore: (process: SimulatedProcess) => LocalStore;
  readonly scratch: (process: SimulatedProcess) => ScratchFiles;
  readonly election: (process: SimulatedProcess) => Election;
}

/** A callback of the world. Cancelled ones are passed over, also when their time has come while the process was busy. */
interface Callback {
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * A process: a name, whether it lives, its ports, and one core that does one thing after the other. What happens while the core is
 * busy or the process stands still waits its turn. Nothing runs in it once it is dead.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly world: World & Required<Pick<World, "election">>;
  readonly core: Core;
  readonly #universe: Universe;
  readonly #deathHandlers: (() => void)[] = [];
  readonly #waiting = new Fifo<Callback>();
  #alive = true;
  #diedUs = Number.POSITIVE_INFINITY;
  #wakes = false;
  #lastSoonUs = 0;
  #lastMessage = -1;
  /** Why it ended on its own: an error, or null for a good end. */
  #end: Error | null = null;

  constructor(universe: Universe, name: string, ports: ProcessPorts) {
    this.name = name;
    this.#universe = universe;
    this.core = new Core(universe, name);
    this.world = {
      clock: { nowUs: () => this.nowUs },
      timers: {
        after: (delayUs, callback) => this.later(Math.max(0, delayUs) + this.#latenessUs(), callback),
        soon: (callback) => this.#soon(callback),
      },
      random: { below: (bound) => universe.random.below(bound) },
      network: ports.network(this),
      log: ports.log(this),
      store: ports.store(this),
      localStore: ports.localStore(this),
      scratch: ports.scratch(this),
      election: ports.election(this),
      processes: { abort: (reason) => this.#stop("abort", reason), exit: () => this.#stop("exit", null) },
      journal: { write: (event, facts) => universe.write(name, event, facts) },
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** When it died, µs; Infinity while it lives. What it would have done later in the step at hand has not happened. */
  get diedUs(): number {
    return this.#diedUs;
  }

  get endError(): Error | null {
    return this.#end;
  }

  /** Callbacks that wait until it is free. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Virtual time as the process sees it: what its core has worked in the present callback has passed. */
  get nowUs(): number {
    return this.#universe.nowUs + this.core.spentUs;
  }

  /** Notes the arrival of a message by its number in the order of all sending; false when one sent after it is here already. */
  arrivesInOrder(message: number): boolean {
    if (message < this.#lastMessage) return false;
    this.#lastMessage = message;
    return true;
  }

  onDeath(handler: () => void): void {
    this.#deathHandlers.push(handler);
  }

  /** Ends the process as SIGKILL would: no last words. */
  kill(): void {
    this.#stop("killed", null);
  }

  /** Stops the process as SIGSTOP would, for `lengthUs`: whatever comes meanwhile waits, and its timers are late. */
  pause(lengthUs: number): void {
    if (!this.#alive) return;
    this.#universe.write(this.name, "stopped", { lengthUs });
    this.core.standStill(lengthUs);
  }

  /** Runs a callback of the world in this process as soon as its core is free; what it throws ends the process, as it would a real one. */
  run(run: () => void): void {
    this.#take({ run, cancelled: false });
  }

  later(delayUs: number, run: () => void): Timer {
    const callback: Callback = { run, cancelled: false };
    const event = this.#universe.queue.at(this.nowUs + Math.max(0, delayUs), () => this.#take(callback));
    return {
      cancel: () => {
        event.cancelled = true;
        callback.cancelled = true;
      },
    };
  }

  #soon(callback: () => void): void {
    const earliestUs = this.nowUs + SOON_US + this.#universe.random.below(SOON_JITTER_US + 1);
    this.#lastSoonUs = Math.max(this.#lastSoonUs, earliestUs);
    this.#universe.queue.at(this.#lastSoonUs, () => this.run(callback));
  }

  #latenessUs(): number {
    const { random, situations, conditions } = this.#universe;
    const { oneIn, lateUs } = conditions.lateTimers;
    if (oneIn === 0 || random.below(oneIn) > 0) return 0;
    situations.meet("lateTimer");
    return this.#universe.drawn(lateUs);
  }

  #take(callback: Callback): void {
    if (!this.#alive || callback.cancelled) return;
    if (this.#waiting.length === 0 && this.core.isFree()) {
      this.#do(callback);
      return;
    }
    this.#universe.situations.meet("busyCore");
    this.#waiting.push(callback);
    this.#wakeLater();
  }

  #wakeLater(): void {
    if (this.#wakes || this.#waiting.length === 0 || !this.#alive) return;
    this.#wakes = true;
    this.#universe.queue.at(this.core.freeFromUs, () => {
      this.#wakes = false;
      while (this.#alive && this.#waiting.length > 0 && this.core.isFree()) {
        const callback = this.#waiting.shift()!;
        if (!callback.cancelled) this.#do(callback);
      }
      this.#wakeLater();
    });
  }

  #do({ run }: Callback): void {
    this.core.begin();
    try {
      run();
    } catch (error) {
      this.#stop("abort", asFaultlineError(error));
    }
    this.core.end();
  }

  #stop(how: string, reason: Error | null): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#diedUs = this.nowUs;
    this.#end = reason;
    this.#universe.write(this.name, how, reason === null ? {} : { reason: reason.message });
    this.#universe.watch.onEnd?.(this.name);
    for (const handler of this.#deathHandlers) handler();
  }
}
