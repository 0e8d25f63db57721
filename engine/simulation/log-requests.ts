import type { LatencyModel } from "./conditions.ts";
import { Latency } from "./latency.ts";
import type { Outages } from "./outages.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Universe } from "./universe.ts";

/**
 * Requests of one client of a simulated log, each with a latency of its own: it arrives after a part of it, and is answered after the
 * rest. While the log is out it takes and answers nothing; the client asks again until it is answered. What a process has sent before
 * its death may still arrive.
 */
export class LogRequests {
  readonly #universe: Universe;
  readonly #process: SimulatedProcess;
  readonly #outages: Outages;
  readonly #latency: Latency;

  constructor(universe: Universe, process: SimulatedProcess, outages: Outages, model: LatencyModel) {
    this.#universe = universe;
    this.#process = process;
    this.#outages = outages;
    this.#latency = new Latency(universe, model);
  }

  /** `atLog` happens when the request arrives, once more when its answer is lost; `onAnswer` in the process, with the latest result. */
  send<T>(atLog: () => T, onAnswer: (result: T) => void): void {
    const sentUs = this.#process.nowUs;
    const latencyUs = this.#latency.nextUs();
    const arrivesUs = sentUs + this.#universe.random.below(latencyUs + 1);
    this.#universe.queue.at(arrivesUs, () => {
      if (!this.#arrives(sentUs)) return;
      if (this.#outages.isOut(this.#process.name)) {
        this.#again(atLog, onAnswer);
        return;
      }
      const result = atLog();
      this.#universe.queue.at(sentUs + latencyUs, () => {
        if (this.#outages.isOut(this.#process.name)) this.#again(atLog, onAnswer);
        else this.#process.run(() => onAnswer(result));
      });
    });
  }

  /** The process may have died in the midst of the work that ends with the request, or before all of it had left. */
  #arrives(sentUs: number): boolean {
    if (this.#process.alive) return true;
    return this.#process.diedUs >= sentUs && this.#universe.random.below(2) === 0;
  }

  #again<T>(atLog: () => T, onAnswer: (result: T) => void): void {
    const { queue } = this.#universe;
    queue.at(this.#outages.endUs(this.#process.name), () => this.#process.run(() => this.send(atLog, onAnswer)));
  }
}
