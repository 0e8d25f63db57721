import type { FaultProcess } from "../systems/system.ts";

/** Inflicts one kind of fault on a process. Every fault that was injected is healed, at the latest when its run ends. */
export interface FaultDriver {
  /** Why the fault cannot be inflicted now, or null. */
  precondition(target: FaultProcess): string | null;
  /** Strikes. Throws when the kernel refuses. */
  inject(target: FaultProcess): void;
  /** Resolves when the fault shows from outside, with the time and what was seen; null when it does not within its own limit. */
  observe(target: FaultProcess): Promise<FaultSighting | null>;
  /** Undoes what lasts. May be called at any time, also when nothing was injected. */
  heal(target: FaultProcess): void;
}

export interface FaultSighting {
  /** The first look at which it showed. */
  readonly atUs: number;
  /** Time since the look before, at which it did not show yet: it came about at most so long before `atUs`. */
  readonly resolutionUs: number;
  readonly what: string;
}
