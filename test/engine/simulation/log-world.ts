import { CALM, type Conditions } from "../../../engine/simulation/conditions.ts";
import { SimulatedLog } from "../../../engine/simulation/log.ts";
import { SimulatedProcess } from "../../../engine/simulation/process.ts";
import type { RecordListener } from "../../../engine/simulation/topics.ts";
import { Universe } from "../../../engine/simulation/universe.ts";

const MAX_STEPS = 100_000;

/** Processes that share a simulated log and have nothing else. */
export function logWorld(seed = 1, conditions: Partial<Conditions> = {}, listener: RecordListener | null = null) {
  const universe = new Universe(seed, { ...CALM, ...conditions });
  const log = new SimulatedLog(universe, listener, 10);
  const none = () => ({}) as never;
  const others = { network: none, store: none, localStore: none, scratch: none, election: none };
  const ports = { ...others, log: (process: SimulatedProcess) => log.bind(process) };
  return {
    universe,
    log,
    start: (name: string) => new SimulatedProcess(universe, name, ports),
    /** Lets events happen until `done`, or until nothing is left to happen. */
    runUntil(done: () => boolean, what: string): void {
      for (let steps = 0; !done(); steps++) {
        if (universe.queue.step() === null || steps > MAX_STEPS) throw new Error(`no ${what}`);
      }
    },
    pass(timeUs: number): void {
      let passed = false;
      universe.queue.at(universe.nowUs + timeUs, () => {
        passed = true;
      });
      this.runUntil(() => passed, "time");
    },
  };
}

export type LogWorld = ReturnType<typeof logWorld>;
