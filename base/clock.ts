/** The machine's monotonic clock in integer microseconds; one source for all processes of a host. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Wall-clock time in epoch milliseconds; for names and provenance, never for measuring. */
export function wallClockMs(): number {
  return Date.now();
}
