import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs } from "../../base/clock.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { Child } from "./child.ts";

const POLL_MS = 25;

export interface Starting {
  readonly child: Child;
  /** For messages: `Kafka`. */
  readonly name: string;
  readonly timeoutMs: number;
  /** Does this very process answer, and not another one that took its port? */
  readonly isReady: () => Promise<boolean>;
  /** What went wrong, from the log; `hasEnded`: by itself. */
  readonly failure: (hasEnded: boolean) => FaultlineError;
  readonly signal?: AbortSignal | undefined;
}

/** Resolves when a service answers. Throws its `failure` when it ends or stays silent, `interrupted` when `signal` is aborted; it has ended then. */
export async function untilReady({ child, name, timeoutMs, isReady, failure, signal }: Starting): Promise<void> {
  const endUs = monotonicUs() + timeoutMs * 1000;
  let hasEnded = false;
  child.exited.then(() => {
    hasEnded = true;
  });
  while (!hasEnded && signal?.aborted !== true && monotonicUs() < endUs) {
    if (await isReady()) return;
    await delay(POLL_MS);
  }
  const wasInterrupted = !hasEnded && signal?.aborted === true;
  if (!hasEnded) await child.kill();
  throw wasInterrupted
    ? new FaultlineError("interrupted", `interrupted while ${name} was starting`)
    : failure(hasEnded);
}
