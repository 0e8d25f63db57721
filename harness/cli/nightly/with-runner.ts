import { monotonicUs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import type { ExitCode } from "../../../base/exit-codes.ts";
import { gitRunner } from "../../nightly/git-runner.ts";
import type { CommitRunner } from "../../nightly/runner.ts";
import type { Io } from "../io.ts";
import { stopSignal } from "../stop-signal.ts";

export interface Turns {
  readonly runner: CommitRunner;
  /** The time is over, or somebody pressed Ctrl-C. */
  readonly isOver: () => boolean;
  readonly notice: (text: string) => void;
}

/** Does work that lets commits take turns; removes their trees however it ends. Ctrl-C ends it with 130. */
export async function withRunner(
  limitMs: number,
  io: Io,
  work: (turns: Turns) => Promise<ExitCode>,
): Promise<ExitCode> {
  const stop = stopSignal(io);
  const notice = (text: string) => void io.stderr.write(`${text}\n`);
  try {
    const runner = await gitRunner({ cwd: io.cwd, signal: stop.signal, notice });
    const endUs = monotonicUs() + limitMs * 1000;
    try {
      return await work({ runner, isOver: () => stop.signal.aborted || monotonicUs() > endUs, notice });
    } finally {
      await runner.close();
    }
  } catch (error) {
    if (error instanceof FaultlineError && error.code === "interrupted") return stop.exitCode;
    throw error;
  } finally {
    stop.close();
  }
}
