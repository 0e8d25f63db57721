import type { DriverParts, FaultSighting } from "./driver.ts";

/** How often it is looked whether a fault shows. */
const POLL_MS = 1;

/**
 * Looks until `see` says what it saw, at most `limitMs`; null: it saw nothing. `sinceUs`: when it certainly did not show yet, or
 * before the first look was asked for.
 */
export async function pollUntilSeen(
  parts: DriverParts,
  limitMs: number,
  sinceUs: number,
  see: () => string | null | Promise<string | null>,
): Promise<FaultSighting | null> {
  const limitUs = parts.monotonicUs() + limitMs * 1000;
  let unseenUs = sinceUs;
  while (parts.monotonicUs() < limitUs) {
    const askedUs = parts.monotonicUs();
    const what = await see();
    if (what !== null) {
      const atUs = parts.monotonicUs();
      return { atUs, resolutionUs: atUs - unseenUs, what };
    }
    unseenUs = askedUs;
    await parts.sleep(POLL_MS);
  }
  return null;
}
