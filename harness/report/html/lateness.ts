import { length, NOT_MEASURED } from "../format.ts";

/** A latency (µs) where it stands beside lengths of time: in the same units as they, `549 ms`, `1.04 s`. */
export function lateness(us: number | null): string {
  return us === null ? NOT_MEASURED : length(us / 1000);
}
