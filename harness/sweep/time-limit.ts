import { FaultlineError } from "../../base/errors.ts";
import type { ReasonCode } from "./model.ts";

export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** The result of `work`, or `run-failed` (charged to `reason`) when it takes longer than `limitMs`. */
export async function limitTime<T>(
  work: Promise<T>,
  limitMs: number,
  what: string,
  sleep: Sleep,
  reason?: ReasonCode,
): Promise<T> {
  const over = new AbortController();
  const limit = sleep(limitMs, over.signal).then((): never => {
    throw new FaultlineError("run-failed", `${what} took longer than ${limitMs / 1000} s`, {
      context: reason === undefined ? {} : { reason },
    });
  });
  // When the work is first the limit is ended early, and its rejection concerns nobody.
  limit.catch(() => undefined);
  try {
    return await Promise.race([work, limit]);
  } finally {
    over.abort();
  }
}
