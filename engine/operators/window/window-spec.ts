import { FaultlineError } from "../../../base/errors.ts";

/** Windows over event time, aligned to the epoch. */
export type WindowSpec = { readonly kind: "hopping"; readonly sizeMs: number; readonly slideMs: number };

/** Windows of `sizeMs` that follow each other; each row is in one. */
export function tumbling(sizeMs: number): WindowSpec {
  return { kind: "hopping", sizeMs, slideMs: sizeMs };
}

/** Windows of `sizeMs`, one starting at each multiple of `slideMs`; a row is in sizeMs / slideMs of them, rounded up or down. */
export function hopping(sizeMs: number, slideMs: number): WindowSpec {
  return { kind: "hopping", sizeMs, slideMs };
}

/** The same over processing time: see `KeyedStream.window`. */
export interface ProcessingTimeSpec {
  readonly kind: "processingTime";
  readonly windows: WindowSpec;
}

/** Windows over the clock instead of event time. A job with them gives other rows when it runs again. */
export function processingTime(windows: WindowSpec): ProcessingTimeSpec {
  return { kind: "processingTime", windows };
}

/** Sessions: rows of a key that are at most `gapMs` apart belong together; a session ends `gapMs` after its last row. */
export interface SessionSpec {
  readonly kind: "session";
  readonly gapMs: number;
}

export function sessions(gapMs: number): SessionSpec {
  return { kind: "session", gapMs };
}

/** The gap; `job-invalid` unless it is a positive integer. */
export function sessionGapMs({ gapMs }: SessionSpec): number {
  if (Number.isSafeInteger(gapMs) && gapMs > 0) return gapMs;
  throw new FaultlineError("job-invalid", `sessions with a gap of ${gapMs} ms`, {
    hint: "a positive integer is needed",
  });
}

/**
 * How windows are cut into panes: pieces of gcd(size, slide) that no window's border divides. A row is counted once, in its pane;
 * a window is the sum of its panes (Li et al., "No pane, no gain", SIGMOD Record 2005). Pane p is [p·paneMs, (p + 1)·paneMs).
 */
export interface WindowGeometry {
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly paneMs: number;
}

/** `job-invalid` unless 0 < slide ≤ size, both integers. */
export function windowGeometry({ sizeMs, slideMs }: WindowSpec): WindowGeometry {
  const valid = Number.isSafeInteger(sizeMs) && Number.isSafeInteger(slideMs) && slideMs > 0 && slideMs <= sizeMs;
  if (!valid) {
    throw new FaultlineError("job-invalid", `windows of ${sizeMs} ms every ${slideMs} ms`, {
      hint: "size and slide must be positive integers, the slide at most the size",
    });
  }
  return { sizeMs, slideMs, paneMs: greatestCommonDivisor(sizeMs, slideMs) };
}

/** Start of the first window that contains pane `pane`. */
export function firstWindowStart({ sizeMs, slideMs, paneMs }: WindowGeometry, pane: number): number {
  return (Math.floor((pane * paneMs - sizeMs) / slideMs) + 1) * slideMs;
}

/** Start of the last window that contains pane `pane`. */
export function lastWindowStart({ slideMs, paneMs }: WindowGeometry, pane: number): number {
  return Math.floor((pane * paneMs) / slideMs) * slideMs;
}

/** Start of the first window that has not fired at watermark `timeMs`: the smallest one with start + size − 1 > timeMs. */
export function firstOpenWindowStart({ sizeMs, slideMs }: WindowGeometry, timeMs: number): number {
  return (Math.floor((timeMs + 1 - sizeMs) / slideMs) + 1) * slideMs;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
