import { integer, NOT_MEASURED, significant } from "../../report/format.ts";

/** Numbers on a terminal: shorter than those of the report. null is "–": not measured is never 0. */

export function formatPerSecond(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NOT_MEASURED;
  // Rounded before the unit is chosen: 999.8 is 1.00k/s, not 1,000/s.
  const rounded = Number(value.toPrecision(3));
  if (rounded >= 1e6) return `${significant(value / 1e6)}M/s`;
  if (rounded >= 1e3) return `${significant(value / 1e3)}k/s`;
  return `${significant(value)}/s`;
}

/** Microseconds as ms or s, three digits. */
export function formatLatency(us: number | null): string {
  if (us === null || !Number.isFinite(us)) return NOT_MEASURED;
  return us >= 1e6 ? `${significant(us / 1e6)} s` : `${significant(us / 1e3)} ms`;
}

/** `3 min 20 s`, `45 s`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function formatCount(value: number): string {
  return integer(value);
}
