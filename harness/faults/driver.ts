import type { FaultProcess } from "../systems/system.ts";

/**
 * Inflicts one fault. `kinds.ts` makes a new driver for every strike; where several targets are struck at once, each method is called
 * once for each of them. Whatever was injected is healed: after its duration, and at the latest when its run ends, however it ends.
 */
export interface FaultDriver {
  /** Why the fault cannot be inflicted now, or null. Changes nothing. */
  precondition(target: FaultProcess): string | null | Promise<string | null>;
  /** Strikes. Throws when that is refused. */
  inject(target: FaultProcess): void | Promise<void>;
  /** Resolves when the fault shows from outside, with the time and what was seen; null when it does not within its own limit. */
  observe(target: FaultProcess): Promise<FaultSighting | null>;
  /** Undoes what lasts. May be called at any time and again, also when nothing was injected or the target is gone. */
  heal(target: FaultProcess): void | Promise<void>;
}

export interface FaultSighting {
  /** The first look at which it showed. */
  readonly atUs: number;
  /** Time since the look before, at which it did not show yet: it came about at most so long before `atUs`. */
  readonly resolutionUs: number;
  readonly what: string;
}

/** What every driver gets of the outside world. */
export interface DriverParts {
  monotonicUs(): number;
  sleep(ms: number): Promise<void>;
}
