import type { TickEntry } from "./cut-entry.ts";

/**
 * Ticks that a source has read and not passed on yet. Of those that wait only the last counts, and every one that carries a
 * checkpoint: heartbeats must not pile up where records cannot.
 */
export class PendingTicks {
  #ticks: TickEntry[] = [];
  /** The latest heartbeat that was proposed. */
  #proposed = 0;

  get isEmpty(): boolean {
    return this.#ticks.length === 0;
  }

  add(tick: TickEntry): void {
    if (this.#ticks.at(-1)?.checkpointId === null) this.#ticks.pop();
    this.#ticks.push(tick);
  }

  /** All of them, oldest first; none is left. */
  take(): readonly TickEntry[] {
    const ticks = this.#ticks;
    this.#ticks = [];
    return ticks;
  }

  /** The next heartbeat to propose a cut for, once each; null when there is none. */
  propose(): number | null {
    const tick = this.#ticks.find(({ heartbeat }) => heartbeat > this.#proposed);
    if (tick === undefined) return null;
    this.#proposed = tick.heartbeat;
    return tick.heartbeat;
  }

  /** Heartbeat `heartbeat` has its cut: forgets it and those before. Returns the checkpoint that it carries, or null. */
  settle(heartbeat: number): number | null {
    const flag = this.#ticks.find((tick) => tick.heartbeat === heartbeat)?.checkpointId ?? null;
    this.#ticks = this.#ticks.filter((tick) => tick.heartbeat > heartbeat);
    return flag;
  }
}
