import { FaultlineError } from "../../../base/errors.ts";

const POLL_MS = 10;
const LIMIT_MS = 15_000;

/** What is known of the workers that are waited for. */
export interface Registration {
  /** Names of the workers that the coordinator has told of; it tells them some time after a worker says that it listens. */
  readonly registered: () => readonly string[];
  /** true: the worker's process is gone. */
  readonly hasEnded: (name: string) => boolean;
  readonly sleep: (ms: number) => Promise<void>;
  /** Where the logs of the workers are. */
  readonly logs: string;
}

/**
 * Resolves when the coordinator has told of all of `names`: whoever is told that the cluster is there may submit a job at once. Throws
 * `service-start-failed` with the name of the first that has ended, or has not registered within 15 s.
 */
export async function untilRegistered(names: readonly string[], registration: Registration): Promise<void> {
  const { registered, hasEnded, sleep, logs } = registration;
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const missing = names.filter((name) => !registered().includes(name));
    if (missing.length === 0) return;
    const late = missing.find((name) => hasEnded(name) || waitedMs >= LIMIT_MS);
    if (late !== undefined) {
      throw new FaultlineError("service-start-failed", `${late} has not registered`, {
        hint: `Its log is ${logs}/${late}.log.`,
      });
    }
    await sleep(POLL_MS);
  }
}
