import { asFaultlineError, type ErrorCode, FaultlineError } from "../../base/errors.ts";
import type { Reason, ReasonCode } from "./model.ts";

/** Errors that tell by themselves whose fault they are, wherever they show. */
const REASON_OF_CODE: Partial<Record<ErrorCode, ReasonCode>> = {
  "system-failed": "system-failed",
  "worker-lost": "system-failed",
  "job-failed": "system-failed",
  "job-invalid": "system-failed",
  "feeder-failed": "feeder-failed",
  "observer-failed": "observer-failed",
  "disk-full": "internal",
  "threshold-crossed": "threshold-crossed",
  interrupted: "interrupted",
  terminated: "interrupted",
};

/** Ends what is being waited for as soon as one of the watched parts breaks. */
export class Supervision {
  /** Every part that broke, in the order of noticing, also after nobody waits any more. */
  readonly failures: FaultlineError[] = [];
  readonly #broken: Promise<never>;
  #reject: (error: FaultlineError) => void = () => undefined;

  constructor() {
    this.#broken = new Promise<never>((_resolve, reject) => {
      this.#reject = reject;
    });
    // Nobody may be waiting at the moment when a part breaks; the next `during` sees it.
    this.#broken.catch(() => undefined);
  }

  /** `failed` resolves to an error when the part breaks. */
  watch(failed: Promise<Error>, reason: ReasonCode): void {
    void failed.then((error) => {
      const failure = withReason(error, reason);
      this.failures.push(failure);
      this.#reject(failure);
    });
  }

  watchSignal(signal: AbortSignal): void {
    const stop = () => this.#reject(withReason(new FaultlineError("interrupted", "interrupted"), "interrupted"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  }

  /** The result of `action`, or the first failure of a watched part. Failures of the action itself are charged to `reason`. */
  async during<T>(reason: ReasonCode, action: () => Promise<T>): Promise<T> {
    try {
      return await Promise.race([this.#broken, action()]);
    } catch (error) {
      throw withReason(error, reason);
    }
  }
}

/** The error with a reason code in its context; a reason that it already has stays. */
function withReason(error: unknown, reason: ReasonCode): FaultlineError {
  const known = asFaultlineError(error, "run-failed");
  if (known.context.reason !== undefined) return known;
  return new FaultlineError(known.code, known.message, {
    ...(known.hint === undefined ? {} : { hint: known.hint }),
    context: { ...known.context, reason: REASON_OF_CODE[known.code] ?? reason },
    cause: known,
  });
}

/** The error as a reason of a run record. */
export function reasonOf(error: unknown): Reason {
  const known = withReason(error, "internal");
  const code = known.context.reason as ReasonCode;
  return { code, message: known.message, ...(known.hint === undefined ? {} : { hint: known.hint }) };
}
