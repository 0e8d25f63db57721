import { EXIT, type ExitCode } from "../../base/exit-codes.ts";
import type { Io } from "./io.ts";

/**
 * Ctrl-C and SIGTERM while a sweep runs: the first one asks everything to stop and keeps what is done, the second one ends this
 * process at once; the guard then ends its children.
 */
export class Interruption {
  readonly #abort = new AbortController();
  readonly #unsubscribe: () => void;
  #code: ExitCode = EXIT.interrupted;

  /** `lastWords`: said before the second signal ends the process; "" = nothing. */
  constructor(io: Io, lastWords: () => string = () => "") {
    this.#unsubscribe = io.onSignal((name) => {
      const code = name === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
      if (this.#abort.signal.aborted) {
        io.stderr.write(lastWords());
        io.exitNow(code);
        return;
      }
      this.#code = code;
      io.stderr.write("\nstopping; finished runs are kept (once more to force)\n");
      this.#abort.abort();
    });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** 130 after Ctrl-C, 143 after SIGTERM. */
  get exitCode(): ExitCode {
    return this.#code;
  }

  close(): void {
    this.#unsubscribe();
  }
}
