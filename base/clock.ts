/** The machine's monotonic clock in integer microseconds; one source for all processes of a host. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Wall-clock time in epoch milliseconds; for names and provenance, never for measuring. */
export function wallClockMs(): number {
  return Date.now();
}

/** A tick of the wall clock that is known as closely as this (µs) is good enough. */
const CLOSE_US = 20;
/** Ticks that are tried, one each millisecond, before the closest seen so far is taken. */
const MOST_TICKS = 25;

/**
 * Monotonic − wall clock, µs. The wall clock has whole milliseconds only, so this waits, busily, for its next tick, which then
 * lies between two readings of the monotonic clock. Where the process was held up between them the two are far apart and tell
 * little: another tick is tried, and of all the closest is used. Usually 1 ms, at most 25 and what the process is held up for.
 */
export function clockOffsetUs(monotonic: () => number = monotonicUs, wall: () => number = wallClockMs): number {
  let closest = Number.POSITIVE_INFINITY;
  let offset = 0;
  for (let tries = 0; tries < MOST_TICKS && closest > CLOSE_US; tries++) {
    let earliest = 0; // read before the last reading that was still the old one
    let next = monotonic();
    const old = wall();
    let tick = old;
    while (tick === old) {
      earliest = next;
      next = monotonic();
      tick = wall();
    }
    const latest = monotonic();
    if (latest - earliest >= closest) continue;
    closest = latest - earliest;
    offset = Math.round((earliest + latest) / 2) - tick * 1000;
  }
  return offset;
}
