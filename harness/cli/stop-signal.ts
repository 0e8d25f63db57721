import { EXIT, type ExitCode } from "../../base/exit-codes.ts";
import type { Io } from "./io.ts";

/** Ctrl-C and SIGTERM as a signal to whoever waits; a second one ends this process at once. */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** 130 after Ctrl-C, 143 after SIGTERM. */
  readonly exitCode: ExitCode;
  close(): void;
}

export function stopSignal(io: Io): StopSignal {
  const abort = new AbortController();
  let exitCode: ExitCode = EXIT.interrupted;
  const close = io.onSignal((name) => {
    exitCode = name === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
    if (abort.signal.aborted) io.exitNow(exitCode);
    abort.abort();
  });
  return {
    signal: abort.signal,
    get exitCode() {
      return exitCode;
    },
    close,
  };
}
