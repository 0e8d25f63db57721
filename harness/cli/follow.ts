import { EXIT, type ExitCode } from "../../base/exit-codes.ts";
import { sleep } from "../sweep/bindings/clock.ts";
import type { Io } from "./io.ts";
import { stopSignal } from "./stop-signal.ts";

const POLL_MS = 200;

/** Writes the lines that `read` gives, once, or as they come until Ctrl-C. A line that was written is not written again. */
export async function follow(io: Io, goesOn: boolean, read: () => readonly string[]): Promise<ExitCode> {
  if (!goesOn) {
    for (const line of read()) io.stdout.write(`${line}\n`);
    return EXIT.ok;
  }
  const stop = stopSignal(io);
  const written = new Map<string, number>();
  while (!stop.signal.aborted) {
    writeNew(io, read(), written);
    await sleep(POLL_MS, stop.signal);
  }
  stop.close();
  return stop.exitCode;
}

/** Rows of several workers come in between: what was written is told by what it says, and how often. */
function writeNew(io: Io, lines: readonly string[], written: Map<string, number>): void {
  const seen = new Map<string, number>();
  for (const line of lines) {
    const times = (seen.get(line) ?? 0) + 1;
    seen.set(line, times);
    if (times <= (written.get(line) ?? 0)) continue;
    written.set(line, times);
    io.stdout.write(`${line}\n`);
  }
}
