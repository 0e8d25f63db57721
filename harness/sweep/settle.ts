import type { RunStream } from "../config/streams.ts";
import type { Deployment } from "../systems/system.ts";

const POLL_MS = 100;
/** Longest wait for counters to show that a stream was read. */
const READ_LIMIT_MS = 10_000;
/** Between reading and having processed, also for systems that tell nothing. */
const PROCESSING_MS = 1_000;

/**
 * Waits after early streams were sent: until the system's source tasks of those names have taken in all of their events, where it
 * tells, and then a second for what lies behind the sources.
 */
export async function settle(
  deployment: Pick<Deployment, "counters">,
  streams: readonly RunStream[],
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  for (let waitedMs = 0; waitedMs < READ_LIMIT_MS; waitedMs += POLL_MS) {
    const counters = await deployment.counters();
    const isRead = streams.every(({ name, isEarly, events }) => {
      const tasks = counters.filter(({ vertex }) => vertex === name);
      return !isEarly || tasks.length === 0 || tasks.reduce((sum, { recordsIn }) => sum + recordsIn, 0) >= events;
    });
    if (isRead) break;
    await sleep(POLL_MS);
  }
  await sleep(PROCESSING_MS);
}
