/** Time as the command system sees it; tests give their own. */
export interface Waiting {
  /** Monotonic µs. */
  readonly now: () => number;
  /** Resolves after `ms`. */
  readonly sleep: (ms: number) => Promise<void>;
}

/** Looks every `everyMs` until `holds` does; false when it does not within `limitMs`, or `cancelled` says to give up. */
export async function waitUntil(
  { now, sleep }: Waiting,
  options: { readonly everyMs: number; readonly limitMs: number; readonly cancelled?: () => boolean },
  holds: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const endUs = now() + options.limitMs * 1000;
  for (;;) {
    if (await holds()) return true;
    const leftMs = (endUs - now()) / 1000;
    if (leftMs <= 0 || options.cancelled?.() === true) return false;
    await sleep(Math.min(options.everyMs, Math.max(1, leftMs)));
  }
}

/**
 * Waits until `endOffsets` have not moved for `quietMs`: all that can be known of a foreign system's progress. It cannot tell a
 * system that has finished from one that pauses for longer than that. False when it is not quiet within `limitMs`.
 */
export async function waitForQuiet(
  waiting: Waiting,
  { quietMs, limitMs }: { readonly quietMs: number; readonly limitMs: number },
  endOffsets: () => Promise<readonly number[]>,
): Promise<boolean> {
  let last: string | null = null;
  let sinceUs = waiting.now();
  const everyMs = Math.min(50, quietMs / 4);
  return waitUntil(waiting, { everyMs, limitMs }, async () => {
    const askedUs = waiting.now();
    const seen = (await endOffsets()).join();
    if (seen !== last) {
      last = seen;
      sinceUs = waiting.now();
    }
    // Counted up to the question: the answer says nothing about the time after it.
    return askedUs - sinceUs >= quietMs * 1000;
  });
}
