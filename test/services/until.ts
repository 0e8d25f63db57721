import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs } from "../../base/clock.ts";

/** Resolves as soon as `condition` holds; fails after `limitMs`. For what other processes do, which sends no event. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 15_000,
): Promise<void> {
  const endUs = monotonicUs() + limitMs * 1000;
  while (!(await condition())) {
    if (monotonicUs() > endUs) throw new Error(`${what}: not within ${limitMs} ms`);
    await delay(10);
  }
}
